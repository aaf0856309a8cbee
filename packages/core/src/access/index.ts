export {
  authorize,
  decide,
  type Decision,
  effectivePermissions,
  type InOrganization,
  isPermitted,
  isShutOut,
  isUnrestricted,
  opensClosed,
  requirePermission,
  rolesGranting,
  seesAll,
  type Subject,
  usualPolicy,
  visibility,
} from './decide.ts';
export {
  builtInRoleKeys,
  type BuiltInRoleKey,
  builtInRoles,
  isBuiltInRoleKey,
  ownerKey,
  Permission,
  permissions,
} from './permissions.ts';
export { usualWorkingHours } from './working-hours.ts';
