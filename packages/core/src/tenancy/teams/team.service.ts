import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { defineHooks } from '../../kernel/hooks.ts';
import type { ById, Page } from '../../kernel/schemas.ts';
import { enteredIds } from '../departments/department.path.ts';
import { inDepartments } from '../departments/department.queries.ts';
import { departments } from '../departments/department.record.ts';
import { lockOrganization } from '../organizations/organization.record.ts';
import { refuseReachBeyondOwn } from '../roles/role.move-guard.ts';
import { teams } from './team.record.ts';
import type { Team, TeamCreate, TeamListInput, TeamUpdate } from './team.schema.ts';

/** @throws `team_not_found` */
export async function getTeam(ctx: ServiceContext, { id }: ById): Promise<Team> {
  authorize(ctx, 'team:read');
  return read(ctx, (db) => teams.get(db, id));
}

/** Lists the organization's teams. */
export async function listTeams(ctx: ServiceContext, input: TeamListInput): Promise<Page<Team>> {
  authorize(ctx, 'team:read');
  const { department, subtree, member, search } = input;
  return read(ctx, async (db) => {
    let query = teams.matching(db, { nameSort: { contains: search } });
    if (department) query = query.where(await inDepartments(db, 'teams.department_id', department, subtree));
    if (member) {
      const userIds = member.map((one) => (one === 'me' ? ctx.principal.userId : one));
      const links = db.selectFrom('team_members').where(anyOf(db.dialect, 'team_members.user_id', userIds));
      query = query.where('teams.id', 'in', links.select('team_members.team_id'));
    }
    return teams.page(ctx, db, input, query);
  });
}

/** Returns the ids of the teams in these departments and below them. */
export async function teamIdsWithin(db: ReadDoor, departmentIds: readonly string[]): Promise<string[]> {
  const within = await inDepartments(db, 'teams.department_id', departmentIds, true);
  const rows = await teams.from(db).select('teams.id').where(within).execute();
  return rows.map(({ id }) => id);
}

/**
 * Creates a team without members.
 * @throws `permission_denied`, `department_not_found`, `team_name_taken`
 */
export async function createTeam(ctx: ServiceContext, input: TeamCreate): Promise<Team> {
  authorize(ctx, 'team:create');
  return mutate(ctx, async (unit) => {
    if (input.departmentId) await departments.refer(unit, input.departmentId, 'departmentId');
    return teams.answer(unit.db, await teams.add(unit, input));
  });
}

/**
 * Changes the given fields; null clears a field.
 * @throws `permission_denied`, `team_not_found`, `version_conflict`, `department_not_found`, `team_name_taken`,
 * `role_exceeds_own` where somebody's roles in the department allow more than the caller's
 */
export async function updateTeam(ctx: ServiceContext, { id, ...fields }: TeamUpdate): Promise<Team> {
  authorize(ctx, 'team:update');
  const { departmentId } = fields;
  return mutate(ctx, async (unit) => {
    // A role may be given in the department at the same time. With this lock, either the move sees that role or giving it sees
    // the move.
    if (departmentId) await lockOrganization(unit);
    const team = await teams.lock(unit, id);
    if (departmentId) {
      const to = await departments.refer(unit, departmentId, 'departmentId');
      const from = team.departmentId ? await departments.refer(unit, team.departmentId) : null;
      await refuseReachBeyondOwn(unit, ctx.principal, { kind: 'team', id }, enteredIds(from?.pathSort, to.pathSort));
    }
    const { after } = await teams.change(unit, team, fields);
    return teams.answer(unit.db, after);
  });
}

/** Runs before a team is deleted, in the same unit. Later rooms take the team from rows that are no reason to keep it. */
export const teamDeleting = defineHooks<[unit: Unit, teamId: string]>();

/**
 * Permanently deletes a team. Its members stay members of the organization. Role assignments in the team are deleted.
 * @throws `permission_denied`, `team_not_found`, `version_conflict`, `team_in_use` while something else refers to it
 */
export async function deleteTeam(ctx: ServiceContext, { id }: ById): Promise<void> {
  authorize(ctx, 'team:delete');
  await mutate(ctx, async (unit) => {
    const team = await teams.lock(unit, id);
    await teamDeleting.run(unit, id);
    await teams.remove(unit, team);
  });
}
