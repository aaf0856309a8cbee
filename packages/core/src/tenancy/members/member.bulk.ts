import { authorize } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { addPeople, type WholePerson } from '../../identity/index.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { MembershipEntity, type memberStatuses } from '../memberships/membership.entity.ts';
import { memberEvents } from '../memberships/membership.events.ts';
import { everywhere, RoleAssignmentEntity } from '../role-assignments/role-assignment.entity.ts';
import type { HeldRole } from '../roles/role.schema.ts';
import { TeamMemberEntity } from '../teams/team.entity.ts';

/** A new person, with their membership of the caller's organization. */
export interface WholeMember extends WholePerson {
  status: (typeof memberStatuses)[number];
  role: Pick<HeldRole, 'id' | 'key'>;
  teamId: string | null;
}

/**
 * Adds many made-up people to the caller's organization by a few large statements. It checks neither seats nor rules, so the caller must
 * know that the references are valid. Former members get no role and no team.
 * @param password the password of all of them
 */
export async function addMembersAtOnce(
  ctx: ServiceContext,
  people: readonly WholeMember[],
  password: string,
): Promise<void> {
  authorize(ctx, 'member:update');
  const { organizationId, userId } = ctx.principal;
  const present = people.filter(({ status }) => status !== 'ended');
  const add = await addPeople(
    people.map(({ id, email, fullName, createdAt }) => ({ id, email, fullName, createdAt })),
    password,
  );
  await writeThroughIdentityDoor(ctx, async (unit) => {
    await add(unit);
    await unit.insert(
      MembershipEntity,
      ...people.map(({ id, status, createdAt }) => ({
        organizationId,
        userId: id,
        status,
        version: status === 'active' ? 1 : 2,
        joinedAt: createdAt,
        endedAt: status === 'ended' ? unit.now : null,
        createdAt,
        updatedAt: status === 'active' ? createdAt : unit.now,
      })),
    );
    await unit.insert(
      RoleAssignmentEntity,
      ...present.map(({ id, role, createdAt }) => ({
        organizationId,
        id: uuidv7(),
        userId: id,
        roleId: role.id,
        scopeKey: everywhere,
        createdAt,
        createdById: userId,
      })),
    );
    const joined = people.map(({ id, role }) =>
      memberEvents.joined.about(id, { data: { roles: [role.key] }, organizationId, actorId: id }),
    );
    await recordEvents(unit, ...joined);
  });
  await mutate(ctx, (unit) =>
    unit.insert(
      TeamMemberEntity,
      ...present.flatMap(({ id, teamId, createdAt }) =>
        teamId === null ? [] : [{ ...unit.owner, teamId, userId: id, addedAt: createdAt, addedById: userId }],
      ),
    ),
  );
}
