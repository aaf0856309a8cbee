import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read } from '../../database/read-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import type { Page } from '../../kernel/schemas.ts';
import { requireMember } from '../memberships/membership.queries.ts';
import { lockOrganization } from '../organizations/organization.record.ts';
import { teamMembers, teams } from './team.record.ts';
import type { TeamMember, TeamMemberListInput, TeamMemberPath } from './team.schema.ts';

/**
 * Lists the members of a team, the last added first.
 * @throws `team_not_found`
 */
export async function listTeamMembers(ctx: ServiceContext, input: TeamMemberListInput): Promise<Page<TeamMember>> {
  authorize(ctx, 'team:read');
  const { id } = input;
  return read(ctx, async (db) => {
    await teams.get(db, id);
    const query = teamMembers.from(db).where('team_members.team_id', '=', id);
    return teamMembers.page(ctx, db, input, query, `members of team ${id}`);
  });
}

/**
 * Adds a member to a team. A member who is in it already stays. The team's version stays the same.
 * @throws `permission_denied`, `team_not_found`, `member_not_found`
 */
export async function addTeamMember(ctx: ServiceContext, { id, userId }: TeamMemberPath): Promise<TeamMember> {
  authorize(ctx, 'team:update');
  return mutate(ctx, async (unit) => {
    // A membership that ends at the same time must find this row to remove it.
    await lockOrganization(unit);
    await teams.refer(unit, id);
    await requireMember(unit, userId, 'userId');
    const [known] = await teamMembers.lockMany(unit, { teamId: id, userId });
    return teamMembers.answer(unit.db, known ?? (await teamMembers.add(unit, { teamId: id, userId })));
  });
}

/**
 * Takes a member out of a team.
 * @throws `permission_denied`, `team_not_found`, `member_not_found`
 */
export async function removeTeamMember(ctx: ServiceContext, { id, userId }: TeamMemberPath): Promise<void> {
  authorize(ctx, 'team:update');
  await mutate(ctx, async (unit) => {
    await teams.refer(unit, id);
    await teamMembers.remove(unit, await teamMembers.lock(unit, { teamId: id, userId }));
  });
}

/** Removes a departing member from all teams. The caller must have locked the organization row. */
export async function leaveTeams(unit: Unit, userId: string): Promise<void> {
  await teamMembers.removeMany(unit, await teamMembers.lockMany(unit, { userId }));
}
