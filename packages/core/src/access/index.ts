export {
  authorize,
  decide,
  type Decision,
  effectivePermissions,
  rolesGranting,
  type Subject,
  visibility,
} from './decide.ts';
export {
  builtInRoleKeys,
  type BuiltInRoleKey,
  builtInRoles,
  isBuiltInRoleKey,
  type Permission,
  permissions,
} from './permissions.ts';
