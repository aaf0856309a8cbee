import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltInRoleKey } from '../../access/index.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { asId } from '../../database/typed-value.ts';
import { UserEntity } from '../../identity/index.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { createTeam, TeamCreate } from '../index.ts';
import { listMembers } from './member.queries.ts';
import { Member, MemberListInput } from './member.schema.ts';
import { removeMember, setMemberRoles } from './member.service.ts';
import { codeOf } from '../../testing/people.ts';

describe.each(dialects)('members on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  const { id: path } = { id: 'of-the-context' };
  const list = (member: TestMember, input: Partial<MemberListInput> = {}) =>
    listMembers(member.ctx(), { ...MemberListInput.parse({ organizationId: path }), ...input });
  const setRoles = (by: TestMember, organization: TestOrganization, userId: string, ...keys: BuiltInRoleKey[]) =>
    setMemberRoles(by.ctx(), {
      organizationId: path,
      userId,
      roleIds: keys.map((key) => organization.roleIds[key]),
    });
  const remove = (by: TestMember, userId: string) => removeMember(by.ctx(), { organizationId: path, userId });
  const rolesOf = async (organization: TestOrganization, userId: string) => {
    const { data } = await list(organization.owner, { status: ['active', 'suspended', 'ended'] });
    return data.find((member) => member.user.id === userId)?.roles.map((role) => role.key);
  };
  const events = (organizationId: string) =>
    readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['events.type', 'events.actor_id as actor', 'events.entity_id as entity', 'event_payloads.payload'])
        .where('events.organization_id', '=', organizationId)
        .orderBy('events.id')
        .execute(),
    );

  describe('list', () => {
    it('shows people with their address and roles, as the schema says, to those who may read members', async () => {
      const organization = await createOrganization(platform);
      const viewer = await organization.addMember('viewer', 'developer');

      const { data } = await list(viewer);

      for (const member of data) expect(Member.strict().parse(member)).toEqual(member);
      expect(data.find((member) => member.user.id === viewer.userId)).toMatchObject({
        user: { email: expect.stringContaining('@example.com'), username: expect.any(String) },
        status: 'active',
        roles: [{ key: 'viewer' }, { key: 'developer' }],
        joinedAt: clock.now().toISOString(),
      });
      const nobody = await organization.addMember();
      expect(await codeOf(list(nobody))).toBe('permission_denied');
    });

    it('pages through everybody once, those who joined last first', async () => {
      const organization = await createOrganization(platform);
      const joined = [organization.owner.userId];
      for (let index = 0; index < 5; index++) {
        clock.advance(index % 2);
        joined.unshift((await organization.addMember('member')).userId);
      }
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const found = await list(organization.owner, { limit: 2, cursor, total: true });
        expect(found.total).toBe(6);
        seen.push(...found.data.map((member) => member.user.id));
        cursor = found.nextCursor ?? undefined;
      } while (cursor);

      expect(seen).toEqual(joined);
      expect((await list(organization.owner, { sort: 'joinedAt' })).data.map((member) => member.user.id)).toEqual(
        joined.toReversed(),
      );
    });

    it('shows nobody of another organization, also to who is a member of both', async () => {
      const [one, two] = [await createOrganization(platform), await createOrganization(platform)];
      await two.addMember('member');
      await writeThroughSystemDoor(platform.context({ principal: null }), (unit) =>
        unit.db
          .insertInto('memberships')
          .columns(['organization_id', 'user_id', 'status', 'version', 'joined_at', 'created_at', 'updated_at'])
          .expression(
            unit.db
              .selectFrom('memberships')
              .select([
                sql<string>`${asId(two.id)}`.as('organization_id'),
                'user_id',
                'status',
                'version',
                'joined_at',
                'created_at',
                'updated_at',
              ])
              .where('user_id', '=', one.owner.userId),
          )
          .execute(),
      );

      expect((await list(one.owner, { total: true })).total).toBe(1);
      expect((await list(two.owner, { total: true })).total).toBe(3);
    });

    it('filters by status and finds parts of names and addresses, taken literally', async () => {
      const organization = await createOrganization(platform);
      const [jose, percent] = [await organization.addMember('member'), await organization.addMember('member')];
      await writeThroughSystemDoor(platform.context({ principal: null }), async (unit) => {
        for (const [userId, fullName, nameKey] of [
          [jose.userId, 'José Núñez', 'jose nunez'],
          [percent.userId, '100%_\\', '100%_\\'],
        ] as const) {
          await unit.update(UserEntity, { id: userId }, { fullName, nameKey });
        }
      });
      await remove(organization.owner, percent.userId);
      const found = async (input: Partial<MemberListInput>) =>
        (await list(organization.owner, input)).data.map((member) => member.user.id);

      expect(await found({ search: 'NUÑ' })).toEqual([jose.userId]);
      expect(await found({ search: '%' })).toEqual([]);
      expect(await found({ search: '_\\', status: ['ended'] })).toEqual([percent.userId]);
      expect(await found({ search: '0%_', status: ['ended'] })).toEqual([percent.userId]);
      expect(await found({ search: 'J%z' })).toEqual([]);
      expect(await found({ search: 'EXAMPLE.com' })).toHaveLength(2);
      expect(await found({ status: ['ended'] })).toEqual([percent.userId]);
      expect(await found({})).toHaveLength(2);
    });
  });

  describe('roles', () => {
    it('are replaced as a whole, and told', async () => {
      const organization = await createOrganization(platform);
      const member = await organization.addMember('member');

      const changed = await setRoles(organization.owner, organization, member.userId, 'auditor', 'manager');

      expect(Member.strict().parse(changed)).toEqual(changed);
      expect(changed.roles.map((role) => role.key)).toEqual(['manager', 'auditor']);
      expect(await events(organization.id)).toMatchObject([
        {
          type: 'member.role_changed',
          actor: organization.owner.userId,
          entity: member.userId,
          payload: { changes: { roles: { from: ['member'], to: ['manager', 'auditor'] } } },
        },
      ]);
      await setRoles(organization.owner, organization, member.userId, 'manager', 'auditor');
      expect(await events(organization.id)).toHaveLength(1);
    });

    it('beyond the own are neither given nor taken', async () => {
      const organization = await createOrganization(platform);
      const [admin, member] = [await organization.addMember('admin'), await organization.addMember('member')];
      const second = await organization.addMember('owner');

      expect(await codeOf(setRoles(admin, organization, member.userId, 'owner'))).toBe('role_exceeds_own');
      expect(await codeOf(setRoles(admin, organization, admin.userId, 'owner', 'admin'))).toBe('role_exceeds_own');
      expect(await codeOf(setRoles(admin, organization, second.userId, 'viewer'))).toBe('role_exceeds_own');
      expect(await codeOf(remove(admin, second.userId))).toBe('role_exceeds_own');
      expect(await codeOf(setRoles(admin, organization, member.userId, 'admin'))).toBe('passed');
      expect(await rolesOf(organization, second.userId)).toEqual(['owner']);
      // Who is given a role takes it from nobody.
      expect(await rolesOf(organization, admin.userId)).toEqual(['admin']);
    });

    it('need the permission, a member and roles of this organization', async () => {
      const [organization, other] = [await createOrganization(platform), await createOrganization(platform)];
      const [manager, member] = [await organization.addMember('manager'), await organization.addMember('member')];

      await expect(setRoles(manager, organization, member.userId, 'viewer')).rejects.toMatchObject({
        code: 'permission_denied',
        details: { permission: 'member:update', grantedBy: expect.arrayContaining(['admin']) },
      });
      for (const userId of [uuidv7(), other.owner.userId])
        expect(await codeOf(setRoles(organization.owner, organization, userId, 'viewer'))).toBe('member_not_found');
      await expect(
        setMemberRoles(organization.owner.ctx(), {
          organizationId: path,
          userId: member.userId,
          roleIds: [organization.roleIds.viewer, other.roleIds.viewer],
        }),
      ).rejects.toMatchObject({ code: 'role_not_found', details: { field: ['roleIds', 1] } });
      expect(await rolesOf(organization, member.userId)).toEqual(['member']);
    });

    it('of the last owner stay', async () => {
      const organization = await createOrganization(platform);
      const { owner } = organization;
      expect(await codeOf(setRoles(owner, organization, owner.userId, 'admin'))).toBe('last_owner');
      expect(await codeOf(setRoles(owner, organization, owner.userId, 'owner', 'admin'))).toBe('passed');

      const second = await organization.addMember('owner');
      await remove(owner, second.userId);
      expect(await codeOf(setRoles(owner, organization, owner.userId, 'admin'))).toBe('last_owner');
    });

    it('of the last owner stay while the other owners are suspended, not active, no person, or owners for a time or of a team', async () => {
      const organization = await createOrganization(platform);
      const { owner } = organization;
      const join = () => organization.addMember('owner');
      const [suspended, inactive, service, ending] = [await join(), await join(), await join(), await join()];
      const narrow = await join();
      const team = await createTeam(owner.ctx(), TeamCreate.parse({ name: 'Narrow' }));
      await writeThroughSystemDoor(platform.context({ principal: null }), async ({ db }) => {
        const { userId } = suspended;
        await db.updateTable('memberships').set({ status: 'suspended' }).where('user_id', '=', userId).execute();
        await db.updateTable('users').set({ is_active: false }).where('id', '=', inactive.userId).execute();
        await db.updateTable('users').set({ kind: 'service' }).where('id', '=', service.userId).execute();
        const validTo = new Date(platform.clock.now().getTime() + 3_600_000).toISOString();
        await db
          .updateTable('role_assignments')
          .set({ valid_to: validTo })
          .where('user_id', '=', ending.userId)
          .execute();
        await db
          .updateTable('role_assignments')
          .set({ scope_key: team.id, team_id: team.id })
          .where('user_id', '=', narrow.userId)
          .execute();
      });

      expect(await codeOf(setRoles(owner, organization, owner.userId, 'admin'))).toBe('last_owner');
      expect(await codeOf(remove(owner, suspended.userId))).toBe('passed');
    });

    it('of the last owner stay when two owners demote, or remove, each other at once', async () => {
      for (let round = 0; round < 5; round++) {
        const organization = await createOrganization(platform);
        const { owner } = organization;
        const second = await organization.addMember('owner');
        const demote = (by: TestMember, of: TestMember) => codeOf(setRoles(by, organization, of.userId, 'admin'));
        const codes = await Promise.all([
          demote(owner, second),
          round % 2 === 0 ? demote(second, owner) : codeOf(remove(second, owner.userId)),
        ]);

        expect(codes.toSorted()).toEqual(['last_owner', 'passed']);
      }
    });
  });

  describe('removing', () => {
    it('ends the membership and takes the roles; what was done keeps its author', async () => {
      const organization = await createOrganization(platform);
      const [admin, member] = [await organization.addMember('admin'), await organization.addMember('member')];

      await remove(admin, member.userId);

      expect((await list(organization.owner)).data.map((found) => found.user.id)).not.toContain(member.userId);
      const { data } = await list(organization.owner, { status: ['ended'] });
      expect(data).toMatchObject([{ user: { id: member.userId }, status: 'ended', roles: [] }]);
      expect(await events(organization.id)).toMatchObject([
        { type: 'member.removed', actor: admin.userId, entity: member.userId },
      ]);
      expect(await codeOf(remove(admin, member.userId))).toBe('member_not_found');
      expect(await codeOf(setRoles(admin, organization, member.userId, 'viewer'))).toBe('member_not_found');
    });

    it('needs the permission, a member, and leaves an owner', async () => {
      const [organization, other] = [await createOrganization(platform), await createOrganization(platform)];
      const [manager, member] = [await organization.addMember('manager'), await organization.addMember('member')];

      expect(await codeOf(remove(manager, member.userId))).toBe('permission_denied');
      expect(await codeOf(remove(organization.owner, other.owner.userId))).toBe('member_not_found');
      expect(await codeOf(remove(organization.owner, organization.owner.userId))).toBe('last_owner');
      expect((await list(other.owner, { total: true })).total).toBe(1);
    });

    it('happens not at all in a dry run', async () => {
      const organization = await createOrganization(platform);
      const member = await organization.addMember('member');

      const ctx = organization.owner.ctx({ dryRun: true });
      await removeMember(ctx, { organizationId: path, userId: member.userId });

      expect(ctx.outcome.dryRun?.events).toMatchObject([{ type: 'member.removed' }]);
      expect(await rolesOf(organization, member.userId)).toEqual(['member']);
      expect(await events(organization.id)).toEqual([]);
    });
  });
});
