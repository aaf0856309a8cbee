import { z } from 'zod';
import type { GrantScope } from '../../kernel/principal.ts';
import { defineRecord } from '../../records/index.ts';
import { memberEvents } from '../memberships/membership.events.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { everywhere, roleAssignmentTable } from './role-assignment.entity.ts';
import { RoleAssignment } from './role-assignment.schema.ts';

/** The columns of an assignment that say in what a role is held. At most one has a value. */
interface ScopeColumns {
  departmentId: string | null;
  teamId: string | null;
  projectId: string | null;
}

/** Returns the scope of an assignment from its columns. */
export function scopeOf({ departmentId, teamId, projectId }: ScopeColumns) {
  if (departmentId) return { kind: 'department' as const, id: departmentId };
  if (teamId) return { kind: 'team' as const, id: teamId };
  if (projectId) return { kind: 'project' as const, id: projectId };
  return { kind: 'organization' as const, id: null };
}

/** Returns the columns of an assignment from its scope. */
export const columnsOf = (scope: { kind: GrantScope['kind']; id?: string | undefined }): ScopeColumns => {
  const idOf = (kind: GrantScope['kind']) => (scope.kind === kind ? (scope.id ?? null) : null);
  return { departmentId: idOf('department'), teamId: idOf('team'), projectId: idOf('project') };
};

/** The rows alone: `RoleAssignment` shows the role instead of its id. */
export const roleAssignments = defineRecord(roleAssignmentTable, {
  output: RoleAssignment.omit({ role: true }).extend({ roleId: z.uuid() }),
  people: { user: 'userId' },
  events: { created: memberEvents.role_assigned, deleted: memberEvents.role_unassigned },
  about: 'userId',
  derived: (row) => ({ scope: scopeOf(row), scopeKey: scopeOf(row).id ?? everywhere }),
  missing: tenancyErrors.role_assignment_not_found,
});
