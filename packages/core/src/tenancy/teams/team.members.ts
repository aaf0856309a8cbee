import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import { type NewEvent, recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import type { Page } from '../../kernel/schemas.ts';
import { requireMember } from '../memberships/member.reference.ts';
import { lockOrganization } from '../organizations/organization.lock.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { TeamMemberEntity } from './team.entity.ts';
import { teamById } from './team.queries.ts';
import type { TeamMember, TeamMemberListInput, TeamMemberPath } from './team.schema.ts';
import { loadTeam } from './team.service.ts';

const columns = [
  'users.id',
  'users.username',
  'users.full_name as fullName',
  'team_members.added_at as addedAt',
] as const;

type MemberRow = TeamMember['user'] & Pick<TeamMember, 'addedAt'>;

const memberOf = ({ id, username, fullName, addedAt }: MemberRow): TeamMember => ({
  user: { id, username, fullName },
  addedAt,
});

const membersOf = (db: ReadDoor, teamId: string) =>
  db
    .selectFrom('team_members')
    .innerJoin('users', 'users.id', 'team_members.user_id')
    .where('team_members.team_id', '=', teamId);

async function findMember(db: ReadDoor, { id, userId }: TeamMemberPath): Promise<TeamMember | null> {
  const query = membersOf(db, id).select(columns).where('team_members.user_id', '=', userId);
  const row = await query.executeTakeFirst();
  return row ? memberOf(row) : null;
}

/**
 * Lists the members of a team, the last added first.
 * @throws `team_not_found`
 */
export async function listTeamMembers(ctx: ServiceContext, input: TeamMemberListInput): Promise<Page<TeamMember>> {
  authorize(ctx, 'team:read');
  const { id } = input;
  const order = orderOf(input.sort, { addedAt: { by: sql`team_members.added_at` } }, sql`team_members.user_id`);
  const request = pageRequest(ctx, `members of team ${id}`, input.sort, input);
  return read(ctx, async (db) => {
    await teamById(db, id);
    const query = membersOf(db, id);
    const { rows, nextCursor } = await readPage(query.select(columns), order, request);
    return { data: rows.map(memberOf), nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}

const memberEvent = (type: 'added' | 'removed', teamId: string, userId: string): NewEvent => ({
  type: `team.member_${type}`,
  entity: { type: 'team', id: teamId },
  data: { userId },
});

/**
 * Adds a member to a team. A member who is in it already stays. The team's version stays.
 * @throws `permission_denied`, `team_not_found`, `member_not_found`
 */
export async function addTeamMember(ctx: ServiceContext, path: TeamMemberPath): Promise<TeamMember> {
  authorize(ctx, 'team:update');
  const { organizationId, userId: addedById } = ctx.principal;
  const { id, userId } = path;
  return mutate(ctx, async (unit) => {
    // A membership that ends at the same time must find this row to remove it.
    await lockOrganization(unit, organizationId);
    await loadTeam(unit, id);
    await requireMember(unit, userId, 'userId');
    const known = await findMember(unit.db, path);
    if (known) return known;
    await unit.insert(TeamMemberEntity, { organizationId, teamId: id, userId, addedAt: unit.now, addedById });
    await recordEvents(unit, memberEvent('added', id, userId));
    return memberOf(
      await membersOf(unit.db, id).select(columns).where('users.id', '=', userId).executeTakeFirstOrThrow(),
    );
  });
}

/**
 * Takes a member out of a team.
 * @throws `permission_denied`, `team_not_found`, `member_not_found`
 */
export async function removeTeamMember(ctx: ServiceContext, path: TeamMemberPath): Promise<void> {
  authorize(ctx, 'team:update');
  const { id, userId } = path;
  await mutate(ctx, async (unit) => {
    await loadTeam(unit, id);
    if (!(await findMember(unit.db, path))) throw tenancyErrors.member_not_found({ field: ['userId'] });
    const all = unit.db.deleteFrom('team_members').where('team_members.team_id', '=', id);
    await all.where('team_members.user_id', '=', userId).execute();
    await recordEvents(unit, memberEvent('removed', id, userId));
    return null;
  });
}

/** Removes a departing member from all teams. The caller must have locked the organization row. */
export async function leaveTeams(unit: Unit, userId: string): Promise<void> {
  const left = await unit.db
    .deleteFrom('team_members')
    .where('team_members.user_id', '=', userId)
    .returning('team_members.team_id as teamId')
    .execute();
  const teamIds = left.map(({ teamId }) => teamId).sort();
  await recordEvents(unit, ...teamIds.map((teamId) => memberEvent('removed', teamId, userId)));
}
