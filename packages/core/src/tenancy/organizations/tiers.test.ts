import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor } from '../../database/system-door.ts';
import { errors } from '../../kernel/errors.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  invitationTokenOf,
  TestClock,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { anonymous, codeOf, newEmail, password, type SignedUpPerson, signUp } from '../../testing/people.ts';
import { acceptInvitation, declineInvitation, registerInvited } from '../invitations/invitation.answer.ts';
import { listInvitations, listOwnInvitations } from '../invitations/invitation.queries.ts';
import { InvitationListInput, OrganizationInvitationListInput } from '../invitations/invitation.schema.ts';
import { addMember, resendInvitation, revokeInvitation } from '../invitations/invitation.service.ts';
import { reinstateMember, removeMember, suspendMember } from '../members/member.service.ts';
import { listMembers } from '../members/member.queries.ts';
import { MemberListInput } from '../members/member.schema.ts';
import { getOrganization } from './organization.queries.ts';
import { createServiceAccount } from '../service-accounts/service-account.service.ts';
import { Organization } from './organization.schema.ts';
import { setOrganizationTier } from './organization.service.ts';
import { tierLimits, tiers } from './tiers.ts';

const day = 86_400_000;

it('a higher tier has room for more of everything that it has', () => {
  const room = (max: number | null) => max ?? Number.POSITIVE_INFINITY;
  for (const [index, tier] of tiers.slice(1).entries()) {
    const below = tierLimits[tiers[index] ?? 'free'];
    const fewer = Object.entries(tierLimits[tier]).filter(([limit, max]) => {
      const less = below[limit as keyof typeof below];
      return max === 0 ? less !== 0 : room(max) <= room(less);
    });
    expect(fewer).toEqual([]);
  }
});

describe.each(dialects)('tiers on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  const organizationId = 'of-the-context';
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, {
      clock,
      settings: { accessTokenMinutes: 90 * 24 * 60, refreshTokenDays: 90 },
    });
  });
  afterAll(() => platform.dispose());

  const limited = async (maxUsers: number | null, tier: 'free' | 'pro' | 'enterprise' = 'free') => {
    const acme = await createOrganization(platform);
    await setOrganizationTier(anonymous(platform), { organization: acme.id, tier, maxUsers });
    return acme;
  };
  const invite = (acme: TestOrganization, email: string) =>
    addMember(acme.owner.ctx(), { organizationId, email, roleIds: [acme.roleIds.viewer] });
  const waiting = async (acme: TestOrganization) => {
    const input = OrganizationInvitationListInput.parse({ organizationId, status: ['pending'] });
    return (await listInvitations(acme.owner.ctx(), input)).data;
  };
  const accept = async (person: SignedUpPerson) => {
    const { data } = await listOwnInvitations(await person.ctx('none'), InvitationListInput.parse({}));
    return acceptInvitation(await person.ctx('none'), { id: data[0]?.id ?? '' });
  };
  const members = async (acme: TestOrganization) =>
    (await listMembers(acme.owner.ctx(), MemberListInput.parse({ organizationId, total: true }))).total;

  describe('are set', () => {
    it('by who runs the installation, by id or slug, once, and told', async () => {
      const acme = await createOrganization(platform);
      const set = (input: object) =>
        setOrganizationTier(anonymous(platform), { organization: acme.slug.toUpperCase(), tier: 'pro', ...input });

      const changed = await set({ maxUsers: 7, maxTasks: 9 });

      expect(Organization.strict().parse(changed)).toEqual(changed);
      expect(changed).toMatchObject({ tier: 'pro', maxUsers: 7, maxTasks: 9, version: 2 });
      expect(await set({})).toEqual(changed);
      expect(await set({ maxUsers: null })).toMatchObject({ maxUsers: null, maxTasks: 9, version: 3 });
      expect(await getOrganization(acme.owner.ctx())).toMatchObject({ tier: 'pro', maxUsers: null });
      const events = await readThroughSystemDoor(platform.database, (db) =>
        db
          .selectFrom('events')
          .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
          .select(['events.type', 'events.actor_id as actor', 'event_payloads.payload'])
          .where('events.organization_id', '=', acme.id)
          .orderBy('events.id')
          .execute(),
      );
      expect(events).toMatchObject([
        {
          type: 'organization.tier_changed',
          actor: null,
          payload: { changes: { tier: { from: 'enterprise', to: 'pro' }, maxUsers: { from: null, to: 7 } } },
        },
        { payload: { changes: { maxUsers: { from: 7, to: null } } } },
      ]);
    });

    it('by nobody who is signed in, and of nothing that is not there', async () => {
      const acme = await createOrganization(platform);
      const change = { organization: acme.id, tier: 'enterprise' } as const;
      expect(await codeOf(setOrganizationTier(acme.owner.ctx(), change))).toBe(errors.permission_denied().code);
      for (const organization of ['no-such-slug', acme.owner.userId])
        expect(await codeOf(setOrganizationTier(anonymous(platform), { ...change, organization }))).toBe(
          'organization_not_found',
        );
    });
  });

  describe('have seats for users', () => {
    it('which members and waiting invitations take, and give back', async () => {
      const acme = await limited(3);
      const [one, two] = [newEmail(), newEmail()];
      await invite(acme, one);
      await invite(acme, two);

      await expect(invite(acme, newEmail())).rejects.toMatchObject({
        code: 'limit_exceeded',
        details: { limit: 'users', max: 3 },
      });
      // Who has a seat needs none: asked again, or sent the mail again.
      expect(await codeOf(invite(acme, one))).toBe('passed');
      const [invitation] = await waiting(acme);
      expect(await codeOf(resendInvitation(acme.owner.ctx(), { organizationId, id: invitation?.id ?? '' }))).toBe(
        'passed',
      );

      await revokeInvitation(acme.owner.ctx(), { organizationId, id: invitation?.id ?? '' });
      expect(await codeOf(invite(acme, newEmail()))).toBe('passed');
      expect(await codeOf(invite(acme, newEmail()))).toBe('limit_exceeded');
      clock.advance(7 * day);
      // The seats of those who let it pass are free again, and theirs have to be asked for anew.
      expect(await codeOf(invite(acme, newEmail()))).toBe('passed');
      expect(await codeOf(invite(acme, newEmail()))).toBe('passed');
      const late = (
        await listInvitations(
          acme.owner.ctx(),
          OrganizationInvitationListInput.parse({ organizationId, status: ['expired'] }),
        )
      ).data[0];
      expect(await codeOf(resendInvitation(acme.owner.ctx(), { organizationId, id: late?.id ?? '' }))).toBe(
        'limit_exceeded',
      );
    });

    it('which declining and leaving free, and suspending does not', async () => {
      const acme = await limited(2);
      const person = await signUp(platform);
      await invite(acme, person.email);
      const { data } = await listOwnInvitations(await person.ctx('none'), InvitationListInput.parse({}));
      await declineInvitation(await person.ctx('none'), { id: data[0]?.id ?? '' });
      await invite(acme, person.email);
      await accept(person);
      const { id: userId } = person.user;

      await suspendMember(acme.owner.ctx(), { organizationId, userId });
      expect(await codeOf(invite(acme, newEmail()))).toBe('limit_exceeded');
      expect(await codeOf(reinstateMember(acme.owner.ctx(), { organizationId, userId }))).toBe('passed');
      await removeMember(acme.owner.ctx(), { organizationId, userId });
      expect(await codeOf(invite(acme, newEmail()))).toBe('passed');
    });

    it('which programs do not take', async () => {
      const acme = await limited(2);
      await createServiceAccount(acme.owner.ctx(), { name: 'Importer', roleIds: [acme.roleIds.viewer] });
      expect(await codeOf(invite(acme, newEmail()))).toBe('passed');
      expect(await codeOf(invite(acme, newEmail()))).toBe('limit_exceeded');
    });

    it('of their tier, unless the organization has its own', async () => {
      const acme = await limited(null);
      const max = tierLimits.free.users ?? 0;
      for (let member = 1; member < max; member++) await acme.addMember('viewer');
      expect(await codeOf(invite(acme, newEmail()))).toBe('limit_exceeded');
      await setOrganizationTier(anonymous(platform), { organization: acme.id, tier: 'pro' });
      expect(await codeOf(invite(acme, newEmail()))).toBe('passed');
      await setOrganizationTier(anonymous(platform), { organization: acme.id, tier: 'enterprise', maxUsers: 2 });
      expect(await codeOf(invite(acme, newEmail()))).toBe('limit_exceeded');
    });

    it('to offer, as many as there are, when everybody invites at once', async () => {
      const acme = await limited(5);
      const codes = await Promise.all(Array.from({ length: 12 }, () => codeOf(invite(acme, newEmail()))));
      expect(codes.toSorted()).toEqual([
        ...Array.from({ length: 8 }, () => 'limit_exceeded'),
        ...Array.from({ length: 4 }, () => 'passed'),
      ]);
      expect(await waiting(acme)).toHaveLength(4);
    });

    it('to take, as many as there are, when everybody accepts at once and the limit has fallen', async () => {
      const acme = await limited(20);
      const people = await Promise.all(Array.from({ length: 6 }, () => signUp(platform)));
      const newcomers = Array.from({ length: 3 }, () => newEmail());
      for (const email of [...people.map((person) => person.email), ...newcomers]) await invite(acme, email);
      await setOrganizationTier(anonymous(platform), { organization: acme.id, tier: 'free', maxUsers: 4 });
      const tokens = await Promise.all(newcomers.map((email) => invitationTokenOf(platform, email)));

      const codes = await Promise.all([
        ...people.map((person) => codeOf(accept(person))),
        ...tokens.map((token) => codeOf(registerInvited(anonymous(platform), { token, password }))),
      ]);

      expect(codes.toSorted()).toEqual([
        ...Array.from({ length: 6 }, () => 'limit_exceeded'),
        ...Array.from({ length: 3 }, () => 'passed'),
      ]);
      expect(await members(acme)).toBe(4);
    });
  });
});
