import { defineRecord } from '../../records/index.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { roleTable } from './role.entity.ts';
import { roleEvents } from './role.events.ts';
import { Role } from './role.schema.ts';

/** The rows alone: what a role allows in effect depends on other rows too, and is computed by `resolveRoles`. */
export const roles = defineRecord(roleTable, {
  output: Role.omit({ effectivePermissions: true, effectiveConstraints: true }),
  events: roleEvents,
  missing: tenancyErrors.role_not_found,
  taken: { error: tenancyErrors.role_key_taken, fields: ['key'] },
  inUse: (kinds) => tenancyErrors.role_in_use({ message: `${kinds} still refer to this role.` }),
});
