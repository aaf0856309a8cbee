import { z } from 'zod';
import { defineRecord } from '../../records/index.ts';
import { memberEvents } from '../memberships/membership.events.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { everywhere, roleAssignmentTable } from './role-assignment.entity.ts';
import { RoleAssignment } from './role-assignment.schema.ts';

/** Returns the scope of an assignment from its two columns. */
export function scopeOf({ departmentId, teamId }: { departmentId: string | null; teamId: string | null }) {
  if (departmentId) return { kind: 'department' as const, id: departmentId };
  if (teamId) return { kind: 'team' as const, id: teamId };
  return { kind: 'organization' as const, id: null };
}

/** The rows alone: `RoleAssignment` shows the role instead of its id. */
export const roleAssignments = defineRecord(roleAssignmentTable, {
  output: RoleAssignment.omit({ role: true }).extend({ roleId: z.uuid() }),
  people: { user: 'userId' },
  events: { created: memberEvents.role_assigned, deleted: memberEvents.role_unassigned },
  about: 'userId',
  derived: (row) => ({ scope: scopeOf(row), scopeKey: scopeOf(row).id ?? everywhere }),
  missing: tenancyErrors.role_assignment_not_found,
});
