import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { createPlatform, type Platform } from '../../platform.ts';
import { anonymous, codeOf, contextOf, type SignedUpPerson, signUp } from '../../testing/people.ts';
import { createTestPlatform, dialects, TestClock, type TestPlatform } from '../../testing/index.ts';
import { acceptInvitation } from '../invitations/invitation.answer.ts';
import { addMember } from '../invitations/invitation.service.ts';
import { listOwnInvitations } from '../invitations/invitation.queries.ts';
import { InvitationListInput } from '../invitations/invitation.schema.ts';
import { listMembers } from '../members/member.queries.ts';
import { MemberListInput } from '../members/member.schema.ts';
import {
  activateOrganization,
  deactivateOrganization,
  deleteOrganization,
  restoreOrganization,
} from './organization.service.ts';
import { transferOwnership } from '../ownership/organization.ownership.ts';
import { getOrganization, listOwnOrganizations } from './organization.queries.ts';
import { Organization, OrganizationListInput } from './organization.schema.ts';
import { leaveOrganization } from '../members/member.service.ts';
import { switchOrganization } from './organization.switch.ts';
import { listRoles } from '../roles/role.queries.ts';
import { RoleListInput } from '../roles/role.schema.ts';

const day = 86_400_000;

describe.each(dialects)('the life of an organization on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;
  /** Another instance on the same database. */
  let elsewhere: Platform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, {
      clock,
      settings: { accessTokenMinutes: 90 * 24 * 60, refreshTokenDays: 90 },
    });
    elsewhere = await createPlatform(platform.settings, { clock });
  });
  afterAll(async () => {
    await elsewhere.close();
    await platform.dispose();
  });

  interface Founded {
    id: string;
    slug: string;
    owner: SignedUpPerson;
    join(role: string): Promise<SignedUpPerson>;
  }

  async function found(name: string): Promise<Founded> {
    const owner = await signUp(platform, { organizationName: name });
    const { id = '', slug = '' } = owner.organization ?? {};
    return {
      id,
      slug,
      owner,
      async join(role) {
        const person = await signUp(platform);
        const roles = await listRoles(await owner.ctx('required', { path: id }), RoleListInput.parse({}));
        const roleIds = roles.data.filter(({ key }) => key === role).map((found) => found.id);
        await addMember(await owner.ctx('required', { path: id }), {
          organizationId: id,
          email: person.email,
          roleIds,
        });
        const { data } = await listOwnInvitations(await person.ctx('none'), InvitationListInput.parse({}));
        await acceptInvitation(await person.ctx('none'), { id: data[0]?.id ?? '' });
        return person;
      },
    };
  }

  type EvenIf = 'inactive' | 'deleted';
  const within = ({ id }: { id: string }, person: SignedUpPerson, evenIf?: EvenIf, mutation = {}) =>
    person.ctx('required', { path: id, evenIf }, mutation);
  const mine = async (person: SignedUpPerson, input: Partial<OrganizationListInput> = {}) => {
    const page = await listOwnOrganizations(await person.ctx('none'), {
      ...OrganizationListInput.parse({ total: true }),
      ...input,
    });
    expect(page.total).toBe(page.data.length);
    return page.data;
  };
  const eventsOf = (organizationId: string) =>
    readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['events.type', 'events.actor_id as actor', 'events.entity_id as entity', 'event_payloads.payload'])
        .where('events.organization_id', '=', organizationId)
        .where('events.type', 'not in', ['organization.created', 'member.invited', 'member.joined'])
        .orderBy('events.id')
        .execute(),
    );
  const membersOf = async (organization: Founded, by = organization.owner) => {
    const input = MemberListInput.parse({ organizationId: organization.id, status: ['active', 'suspended', 'ended'] });
    const { data } = await listMembers(await within(organization, by), input);
    return new Map(data.map(({ user, status, roles }) => [user.id, `${status} ${roles.map(({ key }) => key).join()}`]));
  };

  describe('deactivated', () => {
    it('refuses everybody everything, but shows itself to its owner, who activates it', async () => {
      const acme = await found('Closed');
      const admin = await acme.join('admin');

      const closed = await deactivateOrganization(await within(acme, acme.owner));

      expect(Organization.strict().parse(closed)).toEqual(closed);
      expect(closed).toMatchObject({ isActive: false, version: 2 });
      for (const person of [acme.owner, admin])
        expect(await codeOf(within(acme, person))).toBe('organization_inactive');
      expect(await getOrganization(await within(acme, acme.owner, 'inactive'))).toEqual(closed);
      expect(await codeOf(getOrganization(await within(acme, admin, 'inactive')))).toBe('organization_inactive');
      expect(await codeOf(activateOrganization(await within(acme, admin, 'inactive')))).toBe('permission_denied');
      expect(await mine(admin)).toMatchObject([{ id: acme.id, isActive: false }]);

      const open = await activateOrganization(await within(acme, acme.owner, 'inactive'));

      expect(open).toMatchObject({ isActive: true, version: 3 });
      expect(await getOrganization(await within(acme, admin))).toEqual(open);
      expect(await eventsOf(acme.id)).toMatchObject([
        { type: 'organization.deactivated', actor: acme.owner.user.id, payload: { data: { version: 2 } } },
        { type: 'organization.activated', payload: { changes: { isActive: { from: false, to: true } } } },
      ]);
    });

    it('is closed on every instance within 5 seconds, and open again', async () => {
      const acme = await found('Everywhere');
      const there = () => contextOf(elsewhere, acme.owner.accessToken, 'required', { path: acme.id });
      expect(await codeOf(there())).toBe('passed');

      await deactivateOrganization(await within(acme, acme.owner));
      clock.advance(4999);
      expect(await codeOf(there())).toBe('organization_inactive');

      await activateOrganization(await within(acme, acme.owner, 'inactive'));
      clock.advance(4999);
      expect(await codeOf(there())).toBe('passed');
    });

    it('is so once: again changes nothing, and a stale version is refused', async () => {
      const acme = await found('Twice');
      await deactivateOrganization(await within(acme, acme.owner));
      expect((await deactivateOrganization(await within(acme, acme.owner, 'inactive'))).version).toBe(2);
      const stale = await within(acme, acme.owner, 'inactive', { ifMatch: 1 });
      expect(await codeOf(activateOrganization(stale))).toBe('version_conflict');
      expect(await eventsOf(acme.id)).toHaveLength(1);
    });

    it('lets nobody in by an invitation', async () => {
      const acme = await found('Uninviting');
      const guest = await signUp(platform);
      const roles = await listRoles(await within(acme, acme.owner), RoleListInput.parse({}));
      const roleIds = roles.data.slice(0, 1).map(({ id }) => id);
      await addMember(await within(acme, acme.owner), { organizationId: acme.id, email: guest.email, roleIds });
      await deactivateOrganization(await within(acme, acme.owner));
      const { data } = await listOwnInvitations(await guest.ctx('none'), InvitationListInput.parse({}));
      expect(await codeOf(acceptInvitation(await guest.ctx('none'), { id: data[0]?.id ?? '' }))).toBe(
        'organization_inactive',
      );
    });
  });

  describe('in the trash', () => {
    it('is gone for everybody, and comes back as it was by its owner', async () => {
      const acme = await found('Gone');
      const admin = await acme.join('admin');
      const before = await getOrganization(await within(acme, acme.owner));
      expect(await codeOf(deleteOrganization(await within(acme, admin)))).toBe('permission_denied');

      await deleteOrganization(await within(acme, acme.owner));

      for (const person of [acme.owner, admin])
        for (const evenIf of [undefined, 'inactive'] as const)
          expect(await codeOf(within(acme, person, evenIf))).toBe('organization_not_found');
      expect(await codeOf(acme.owner.ctx('required'))).toBe('no_organization');
      expect((await acme.owner.ctx('optional')).principal?.organizationId).toBeNull();
      for (const person of [acme.owner, admin]) expect(await mine(person)).toEqual([]);
      expect(await mine(admin, { deleted: true })).toEqual([]);
      expect(await mine(acme.owner, { deleted: true })).toMatchObject([
        { id: acme.id, deletedAt: clock.now().toISOString(), version: 2 },
      ]);
      expect(await codeOf(deleteOrganization(await within(acme, acme.owner, 'deleted')))).toBe(
        'organization_not_found',
      );
      expect(await codeOf(restoreOrganization(await within(acme, admin, 'deleted')))).toBe('permission_denied');

      clock.advance(30 * day - 1000);
      const restored = await restoreOrganization(await within(acme, acme.owner, 'deleted'));

      expect(restored).toEqual({ ...before, version: 3, updatedAt: clock.now().toISOString() });
      expect(await mine(admin)).toEqual([restored]);
      expect(await codeOf(restoreOrganization(await within(acme, acme.owner, 'deleted')))).toBe(
        'organization_not_deleted',
      );
      expect((await eventsOf(acme.id)).map(({ type }) => type)).toEqual([
        'organization.deleted',
        'organization.restored',
      ]);
    });

    it('is not restored after 30 days', async () => {
      const acme = await found('Late');
      await deleteOrganization(await within(acme, acme.owner));
      clock.advance(30 * day);
      expect(await codeOf(restoreOrganization(await within(acme, acme.owner, 'deleted')))).toBe(
        'organization_not_found',
      );
      expect(await mine(acme.owner, { deleted: true })).toEqual([]);
    });

    it('is left by who has several alone: the others are where they work', async () => {
      const [one, two] = [await found('One'), await found('Two')];
      const { data } = await listRoles(await within(two, two.owner), RoleListInput.parse({}));
      const roleIds = data.slice(0, 1).map(({ id }) => id);
      await addMember(await within(two, two.owner), { organizationId: two.id, email: one.owner.email, roleIds });
      const invitations = await listOwnInvitations(await one.owner.ctx('none'), InvitationListInput.parse({}));
      await acceptInvitation(await one.owner.ctx('none'), { id: invitations.data[0]?.id ?? '' });

      await deleteOrganization(await within(one, one.owner));

      expect((await one.owner.ctx('required')).principal?.organizationId).toBe(two.id);
    });
  });

  describe('handed over', () => {
    const transfer = async (organization: Founded, by: SignedUpPerson, userId: string) =>
      transferOwnership(await within(organization, by), { organizationId: organization.id, userId });

    it('makes the member the owner and the owner an admin, in one step', async () => {
      const acme = await found('Handed');
      const heir = await acme.join('member');

      const member = await transfer(acme, acme.owner, heir.user.id);

      expect(member).toMatchObject({ user: { id: heir.user.id }, roles: [{ key: 'owner' }, { key: 'member' }] });
      expect(await membersOf(acme, heir)).toEqual(
        new Map([
          [heir.user.id, 'active owner,member'],
          [acme.owner.user.id, 'active admin'],
        ]),
      );
      expect(await eventsOf(acme.id)).toMatchObject([
        { type: 'member.role_changed', entity: heir.user.id },
        { type: 'member.role_changed', entity: acme.owner.user.id },
        {
          type: 'organization.ownership_transferred',
          entity: acme.id,
          payload: { changes: { ownerId: { from: acme.owner.user.id, to: heir.user.id } } },
        },
      ]);
      expect(await codeOf(transfer(acme, acme.owner, heir.user.id))).toBe('permission_denied');
    });

    it('goes to active members of this organization alone', async () => {
      const [acme, other] = [await found('Strict'), await found('Foreign')];
      const gone = await acme.join('member');
      await leaveOrganization(await gone.ctx('none'), { organizationId: acme.id });
      const [suspended, inactive] = [await acme.join('member'), await acme.join('member')];
      await writeThroughSystemDoor(anonymous(platform), async ({ db }) => {
        const { id } = suspended.user;
        await db.updateTable('memberships').set({ status: 'suspended' }).where('user_id', '=', id).execute();
        await db.updateTable('users').set({ is_active: false }).where('id', '=', inactive.user.id).execute();
      });
      for (const userId of [gone, other.owner, suspended, inactive].map(({ user }) => user.id))
        expect(await codeOf(transfer(acme, acme.owner, userId))).toBe('member_not_found');
      expect(await codeOf(transfer(acme, acme.owner, acme.owner.user.id))).toBe('validation_failed');
      expect(await eventsOf(acme.id)).toMatchObject([{ type: 'member.left' }]);
    });

    it('is by owners alone, whatever else a role allows', async () => {
      const acme = await found('Guarded');
      const [admin, heir] = [await acme.join('admin'), await acme.join('member')];
      const ctx = await within(acme, admin);
      if (!ctx.principal) throw new Error('Nobody is signed in.');
      const grants = ctx.principal.grants.map((grant) => ({
        ...grant,
        permissions: new Set([...grant.permissions, 'organization:transfer']),
      }));
      const more = { ...ctx, principal: { ...ctx.principal, grants } };
      const input = { organizationId: acme.id, userId: heir.user.id };
      expect(await codeOf(transferOwnership(more, input))).toBe('role_exceeds_own');
      expect((await membersOf(acme)).get(heir.user.id)).toBe('active member');
    });

    it('to two at once goes to one of them', async () => {
      const acme = await found('Torn');
      const [one, two] = [await acme.join('member'), await acme.join('member')];
      const contexts = [await within(acme, acme.owner), await within(acme, acme.owner)] as const;

      const codes = await Promise.all(
        [one, two].map(({ user }, index) =>
          codeOf(transferOwnership(contexts[index] ?? contexts[0], { organizationId: acme.id, userId: user.id })),
        ),
      );

      expect(codes.toSorted()).toEqual(['passed', 'role_exceeds_own']);
      const owners = [...(await membersOf(acme)).values()].filter((roles) => roles.includes('owner'));
      expect(owners).toHaveLength(1);
    });
  });

  describe('left', () => {
    const leave = async ({ id }: Founded, person: SignedUpPerson, mutation = {}) =>
      leaveOrganization(await person.ctx('none', {}, mutation), { organizationId: id });

    it('ends the membership, once, by id or by slug', async () => {
      const acme = await found('Parted');
      const [one, two] = [await acme.join('admin'), await acme.join('member')];
      const key = { idempotencyKey: 'leaving', procedure: 'organizations.leave' };

      await leave(acme, one, key);
      await leave(acme, one, key);
      await leaveOrganization(await two.ctx('none'), { organizationId: acme.slug.toUpperCase() });

      expect(await codeOf(leave(acme, one))).toBe('organization_not_found');
      expect(await codeOf(within(acme, one))).toBe('organization_not_found');
      expect(await mine(one)).toEqual([]);
      expect(await membersOf(acme)).toEqual(
        new Map([
          [two.user.id, 'ended '],
          [one.user.id, 'ended '],
          [acme.owner.user.id, 'active owner'],
        ]),
      );
      expect(await eventsOf(acme.id)).toMatchObject([
        { type: 'member.left', actor: one.user.id, entity: one.user.id, payload: { data: { roles: ['admin'] } } },
        { type: 'member.left', actor: two.user.id },
      ]);
    });

    it('is not by strangers, nor while it is not active or in the trash', async () => {
      const [acme, other] = [await found('Kept'), await found('Outside')];
      const member = await acme.join('member');
      expect(await codeOf(leave(acme, other.owner))).toBe('organization_not_found');
      await deactivateOrganization(await within(acme, acme.owner));
      expect(await codeOf(leave(acme, member))).toBe('organization_inactive');
      // Strangers are not told even that.
      expect(await codeOf(leave(acme, other.owner))).toBe('organization_not_found');
      await deleteOrganization(await within(other, other.owner));
      expect(await codeOf(leave(other, other.owner))).toBe('organization_not_found');
    });

    it('is not by anonymous callers', async () => {
      const acme = await found('Signed in');
      expect(await codeOf(leaveOrganization(anonymous(platform), { organizationId: acme.id }))).toBe('unauthenticated');
    });

    it('by the last owner is not, also when two owners leave at once', async () => {
      const acme = await found('Owned');
      expect(await codeOf(leave(acme, acme.owner))).toBe('last_owner');
      for (let round = 0; round < 5; round++) {
        const pair = await found(`Pair ${round}`);
        const second = await pair.join('owner');
        const codes = await Promise.all([codeOf(leave(pair, pair.owner)), codeOf(leave(pair, second))]);
        expect(codes.toSorted()).toEqual(['last_owner', 'passed']);
      }
    });
  });

  it('becomes the active one of a session by switching, once', async () => {
    const acme = await found('Here');
    const there = await found('There');
    const { data } = await listRoles(await within(there, there.owner), RoleListInput.parse({}));
    const roleIds = data.slice(0, 1).map(({ id }) => id);
    await addMember(await within(there, there.owner), { organizationId: there.id, email: acme.owner.email, roleIds });
    const invitations = await listOwnInvitations(await acme.owner.ctx('none'), InvitationListInput.parse({}));
    await acceptInvitation(await acme.owner.ctx('none'), { id: invitations.data[0]?.id ?? '' });
    expect((await acme.owner.ctx('required')).principal?.organizationId).toBe(acme.id);

    expect(await codeOf(switchOrganization(anonymous(platform)))).toBe('unauthenticated');
    expect(await codeOf(switchOrganization(await acme.owner.ctx('none')))).toBe('organization_required');
    const ctx = await within(there, acme.owner);
    expect(await switchOrganization(ctx)).toMatchObject({ id: there.id });
    await switchOrganization(ctx);

    expect((await acme.owner.ctx('required')).principal?.organizationId).toBe(there.id);
    const told = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .select(['events.entity_id as entity', 'events.organization_id as organization'])
        .where('events.type', '=', 'session.organization_switched')
        .where('events.actor_id', '=', acme.owner.user.id)
        .execute(),
    );
    expect(told).toEqual([{ entity: ctx.principal?.sessionId, organization: null }]);
  });
});
