import { authorize } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { isUniqueViolation } from '../../database/failures.ts';
import { refuseWhileReferredTo } from '../../database/referrers.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { diff, isEmpty } from '../../kernel/changes.ts';
import { defineHooks } from '../../kernel/hooks.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { enteredIds } from '../departments/department.path.ts';
import { departments } from '../departments/department.record.ts';
import { lockOrganization } from '../organizations/organization.lock.ts';
import { forgetPrincipalsIn } from '../principal.cache.ts';
import { refuseReachBeyondOwn } from '../roles/role.move-guard.ts';
import { TeamEntity, type TeamRecord } from './team.entity.ts';
import { teamErrors } from './team.errors.ts';
import { teamById } from './team.queries.ts';
import type { Team, TeamCreate, TeamId, TeamUpdate } from './team.schema.ts';

/** The database keeps names unique, so that two requests at once cannot both get one. */
const refuseTaken = (error: unknown): never => {
  throw isUniqueViolation(error) ? teamErrors.team_name_taken({ field: ['name'], cause: error }) : error;
};

/** Loads a team to change it, and locks it until commit. @throws `team_not_found` */
export const loadTeam = (unit: Unit, id: string): Promise<TeamRecord> =>
  unit.load(TeamEntity, { id }, teamErrors.team_not_found);

const tracked = ({ name, description, departmentId }: TeamRecord) => ({ name, description, departmentId });

/**
 * Creates a team without members.
 * @throws `permission_denied`, `department_not_found`, `team_name_taken`
 */
export async function createTeam(ctx: ServiceContext, input: TeamCreate): Promise<Team> {
  authorize(ctx, 'team:create');
  const { userId, organizationId } = ctx.principal;
  const { name, description = null, departmentId = null } = input;
  return mutate(ctx, async (unit) => {
    if (departmentId !== null) await departments.refer(unit, departmentId, 'departmentId');
    const id = uuidv7();
    const team = {
      organizationId,
      id,
      name,
      nameSort: name.toLowerCase(),
      description,
      departmentId,
      version: 1,
      createdAt: unit.now,
      createdById: userId,
      updatedAt: unit.now,
      updatedById: userId,
    };
    await unit.insert(TeamEntity, team).catch(refuseTaken);
    await recordEvents(unit, {
      type: 'team.created',
      entity: { type: 'team', id },
      changes: diff({}, { name, description, departmentId }),
      data: { name, version: 1 },
    });
    return teamById(unit.db, id);
  });
}

/**
 * Changes the given fields; null clears a field.
 * @throws `permission_denied`, `team_not_found`, `version_conflict`, `department_not_found`, `team_name_taken`,
 * `role_exceeds_own` where somebody's roles in the department allow more than the caller's
 */
export async function updateTeam(ctx: ServiceContext, { id, name, ...fields }: TeamUpdate): Promise<Team> {
  authorize(ctx, 'team:update');
  const { principal } = ctx;
  const { userId, organizationId } = principal;
  return mutate(ctx, async (unit) => {
    // A role may be given in the department at the same time. With this lock, either the move sees that role or giving it sees
    // the move.
    if (fields.departmentId) await lockOrganization(unit, organizationId);
    const team = await loadTeam(unit, id);
    unit.checkVersion(team);
    const before = tracked(team);
    if (fields.departmentId) {
      const { pathSort: to } = await departments.refer(unit, fields.departmentId, 'departmentId');
      const from = before.departmentId ? (await departments.refer(unit, before.departmentId)).pathSort : '';
      await refuseReachBeyondOwn(unit, principal, { kind: 'team', id }, enteredIds(from, to));
    }
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    Object.assign(team, given, name === undefined ? {} : { name, nameSort: name.toLowerCase() });
    const changes = diff(before, tracked(team));
    if (isEmpty(changes)) return teamById(unit.db, id);
    Object.assign(team, { updatedAt: unit.now, updatedById: userId });
    await unit.em.flush().catch(refuseTaken);
    await recordEvents(unit, {
      type: 'team.updated',
      entity: { type: 'team', id },
      changes,
      data: { version: team.version },
    });
    if (changes['departmentId']) forgetPrincipalsIn(unit, organizationId);
    return teamById(unit.db, id);
  });
}

/**
 * Runs before a team is deleted, in the unit that deletes it, with the id of the user who does. A later room registers here to
 * clear the team of rows that should not prevent the deletion.
 */
export const teamDeleting = defineHooks<[unit: Unit, teamId: string, userId: string]>();

/**
 * Permanently deletes a team. Its members stay members of the organization. Role assignments in the team are deleted.
 * @throws `permission_denied`, `team_not_found`, `version_conflict`, `team_in_use` while something else refers to it
 */
export async function deleteTeam(ctx: ServiceContext, { id }: TeamId): Promise<void> {
  authorize(ctx, 'team:delete');
  const { userId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    const team = await loadTeam(unit, id);
    unit.checkVersion(team);
    await teamDeleting.run(unit, id, userId);
    await refuseWhileReferredTo(unit, TeamEntity, [id], (kinds) => {
      const message = `${kinds} still belong to this team: give them to another team, or to none.`;
      return teamErrors.team_in_use({ message });
    });
    const { name, version } = team;
    unit.em.remove(team);
    await unit.em.flush();
    await recordEvents(unit, { type: 'team.deleted', entity: { type: 'team', id }, data: { name, version } });
    return null;
  });
}
