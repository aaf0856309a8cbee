import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHosts, type Hosts } from '../../testing/hosts.ts';
import type { BuiltInRoleKey } from '../../access/index.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { enqueue } from '../../jobs/index.ts';
import { dialects, invitationTokenOf, TestClock } from '../../testing/index.ts';
import { invitationMail } from './invitation.mail.ts';
import {
  Invitation,
  type InvitationListInput,
  InvitedRegistered,
  OrganizationInvitationListInput,
} from './invitation.schema.ts';
import { listInvitations } from './invitation.queries.ts';
import { declineInvitation, registerInvited } from './invitation.answer.ts';
import { resendInvitation, revokeInvitation } from './invitation.service.ts';
import {
  anonymous,
  codeOf,
  contextOf,
  newEmail,
  password,
  type SignedUpPerson,
  signIn,
  signUp,
} from '../../testing/people.ts';

const day = 86_400_000;

describe.each(dialects)('invitations from beginning to end on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  const organizationId = 'of-the-context';
  let hosts: Hosts;

  beforeAll(async () => {
    hosts = await createHosts(dialect, clock);
  });
  afterAll(() => hosts.platform.dispose());

  const ofOrganization = async (input: Partial<InvitationListInput> = {}, by = hosts.owner) =>
    listInvitations(await by.ctx('required'), {
      ...OrganizationInvitationListInput.parse({ organizationId, total: true }),
      ...input,
    });
  const guest = async (keys: BuiltInRoleKey[] = ['member'], by = hosts.owner) => {
    const email = newEmail();
    await hosts.invite(email, keys, by);
    const { data } = await ofOrganization({ status: ['pending'] });
    const invitation = data.find((found) => found.email === email);
    if (!invitation) throw new Error('The invitation was not sent.');
    return { email, id: invitation.id, invitation };
  };
  const setOrganization = (change: { is_active: boolean } | { deleted_at: string | null }) =>
    writeThroughSystemDoor(anonymous(hosts.platform), ({ db }) =>
      db
        .updateTable('organizations')
        .set(change)
        .where('id', '=', hosts.owner.organization?.id ?? '')
        .execute(),
    );
  const close = (closed: boolean) => setOrganization({ is_active: !closed });
  const trash = (gone: boolean) => setOrganization({ deleted_at: gone ? clock.now().toISOString() : null });
  const resend = async (id: string, by = hosts.owner) =>
    resendInvitation(await by.ctx('required'), { organizationId, id });
  const revoke = async (id: string, by = hosts.owner) =>
    revokeInvitation(await by.ctx('required'), { organizationId, id });
  const eventsOf = (...entities: string[]) =>
    readThroughSystemDoor(hosts.platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['type', 'actor_id as actor', 'events.organization_id as organization', 'event_payloads.payload'])
        .where('entity_id', 'in', entities)
        .where('events.organization_id', 'is not', null)
        .orderBy('events.id')
        .execute(),
    );

  describe('of an organization', () => {
    it('are listed to those who may read its members, by status, page by page', async () => {
      const viewer = await hosts.join(['viewer']);
      const other = await signUp(hosts.platform, { organizationName: 'Elsewhere' });
      const waiting = [await guest(), await guest(['viewer'])];
      const revoked = await guest();
      await revoke(revoked.id);

      const { data, total } = await ofOrganization({}, viewer);

      for (const invitation of data) expect(Invitation.strict().parse(invitation)).toEqual(invitation);
      expect(total).toBe(data.length);
      expect(data.find(({ id }) => id === revoked.id)).toMatchObject({ status: 'revoked' });
      expect(data.find(({ id }) => id === waiting[1]?.id)).toMatchObject({
        email: waiting[1]?.email,
        status: 'pending',
        roles: [{ key: 'viewer' }],
        invitedBy: { id: hosts.owner.user.id, fullName: 'Olga Owner' },
      });
      const pending = await ofOrganization({ status: ['pending'] });
      expect(pending.data.map(({ status }) => status)).toEqual(pending.data.map(() => 'pending'));
      const first = await ofOrganization({ limit: 1 });
      const second = await ofOrganization({ limit: 1, cursor: first.nextCursor ?? '' });
      expect([...first.data, ...second.data]).toEqual(data.slice(0, 2));
      expect(await ofOrganization({}, other)).toMatchObject({ data: [], total: 0 });
      expect(await codeOf(ofOrganization({}, await hosts.join([])))).toBe('permission_denied');
    });

    it('are taken back while they wait, by those who hold what they offer', async () => {
      const [admin, manager] = [await hosts.join(['admin']), await hosts.join(['manager'])];
      const other = await signUp(hosts.platform, { organizationName: 'Strangers' });
      const [offered, owning] = [await guest(), await guest(['owner'])];

      expect(await codeOf(revoke(offered.id, manager))).toBe('permission_denied');
      expect(await codeOf(revoke(owning.id, admin))).toBe('role_exceeds_own');
      expect(await codeOf(resend(owning.id, admin))).toBe('role_exceeds_own');
      expect(await codeOf(revoke(offered.id, other))).toBe('invitation_not_found');
      await revoke(offered.id, admin);

      expect(await codeOf(revoke(offered.id, admin))).toBe('invitation_not_pending');
      expect(await codeOf(resend(offered.id, admin))).toBe('invitation_not_pending');
      const late = await signUp(hosts.platform, { email: offered.email });
      expect(await codeOf(hosts.accept(late, offered.id))).toBe('invitation_not_pending');
      expect(await eventsOf(offered.id)).toMatchObject([
        { type: 'member.invited' },
        { type: 'invitation.revoked', actor: admin.user.id, payload: { data: { email: offered.email } } },
      ]);
    });

    it('are sent again, at most 5 times a day, and are young again', async () => {
      const { id, email, invitation } = await guest();
      const old = await invitationTokenOf(hosts.platform, email);
      clock.advance(8 * day);
      expect(await codeOf(revoke(id))).toBe('invitation_not_pending');
      const before = (await hosts.traces()).jobs.length;

      const resent = await resend(id);

      expect(resent).toEqual({
        ...invitation,
        status: 'pending',
        expiresAt: new Date(clock.now().getTime() + 7 * day).toISOString(),
      });
      for (let count = 2; count <= 5; count++) expect(await codeOf(resend(id))).toBe('passed');
      await expect(resend(id)).rejects.toMatchObject({ code: 'rate_limited', details: { retryAfter: 86_400 } });
      expect(await codeOf(hosts.invite(email))).toBe('rate_limited');
      expect((await hosts.traces()).jobs.length - before).toBe(5);
      clock.advance(day);
      expect(await codeOf(resend(id))).toBe('passed');
      // The token of the first mail is worth nothing any more.
      expect(await codeOf(registerInvited(anonymous(hosts.platform), { token: old, password }))).toBe(
        'validation_failed',
      );
    });

    it('tell of their end once, and can still be sent again', async () => {
      const { id } = await guest();
      const over = await guest();
      await revoke(over.id);
      clock.advance(7 * day);
      const told = async (of = id) => (await eventsOf(of)).map(({ type }) => type);
      const runs = async () => {
        await writeThroughSystemDoor(anonymous(hosts.platform), (unit) => enqueue(unit, 'invitations.expire', {}));
        await hosts.platform.runDueJobs();
      };
      await runs();
      await runs();
      expect(await told()).toEqual(['member.invited', 'invitation.expired']);
      expect(await told(over.id)).toEqual(['member.invited', 'invitation.revoked']);
      await resend(id);
      await runs();
      expect(await told()).toEqual(['member.invited', 'invitation.expired', 'invitation.resent']);
    });
  });

  it('are declined by who they are for, once', async () => {
    const [person, stranger] = [await signUp(hosts.platform), await signUp(hosts.platform)];
    await hosts.invite(person.email);
    const { id } = await hosts.invitationOf(person);
    const decline = async (by: SignedUpPerson, mutation = {}) =>
      declineInvitation(await by.ctx('none', {}, mutation), { id });

    expect(await codeOf(decline(stranger))).toBe('invitation_not_found');
    const ctx = await person.ctx('none');
    if (!ctx.principal) throw new Error('Nobody is signed in.');
    const unproven = { ...ctx, principal: { ...ctx.principal, emailVerified: false } };
    expect(await codeOf(declineInvitation(unproven, { id }))).toBe('email_not_verified');
    expect(await codeOf(declineInvitation(anonymous(hosts.platform), { id }))).toBe('unauthenticated');
    const key = { idempotencyKey: 'decline', procedure: 'invitations.decline' };
    await decline(person, key);
    await decline(person, key);

    expect(await hosts.invitationOf(person)).toMatchObject({ status: 'declined' });
    expect(await codeOf(decline(person))).toBe('invitation_not_pending');
    expect(await codeOf(hosts.accept(person, id))).toBe('invitation_not_pending');
    expect((await eventsOf(id)).at(-1)).toMatchObject({
      type: 'invitation.declined',
      actor: person.user.id,
      organization: hosts.owner.organization?.id,
    });
    // Whoever declined may be asked again.
    await hosts.invite(person.email);
    expect(await hosts.invitationOf(person, { status: ['pending'] })).not.toMatchObject({ id });
  });

  it('are not answered while the organization is closed, and lift no suspension', async () => {
    const [person, member] = [await signUp(hosts.platform), await hosts.join()];
    await hosts.invite(person.email);
    const { id } = await hosts.invitationOf(person);
    await close(true);
    expect(await codeOf(hosts.accept(person, id))).toBe('organization_inactive');
    expect(await codeOf(declineInvitation(await person.ctx('none'), { id }))).toBe('organization_inactive');
    await close(false);
    await trash(true);
    expect(await hosts.own(person)).toMatchObject({ data: [] });
    expect(await codeOf(hosts.accept(person, id))).toBe('invitation_not_found');
    await trash(false);
    const setMembership = (status: 'active' | 'ended' | 'suspended') =>
      writeThroughSystemDoor(anonymous(hosts.platform), ({ db }) =>
        db.updateTable('memberships').set({ status }).where('user_id', '=', member.user.id).execute(),
      );
    await setMembership('ended');
    await hosts.invite(member.email);
    const again = await hosts.invitationOf(member, { status: ['pending'] });
    await setMembership('suspended');
    expect(await codeOf(hosts.accept(member, again.id))).toBe('invitation_not_pending');
    await setMembership('ended');
    expect(await hosts.accept(member, again.id)).toMatchObject({ status: 'active' });
  });

  describe('by mail', () => {
    const registerBy = (token: string, more: { username?: string } = {}) =>
      registerInvited(anonymous(hosts.platform), { token, password, ...more });
    const tokenIn = async (id: string) => {
      const mail = await invitationMail(anonymous(hosts.platform), { invitationId: id });
      return /"token":"([^"]+)"/.exec(mail?.text ?? '')?.[1] ?? '';
    };

    it('make an account with a proven address and a membership, in one step', async () => {
      const { email, id } = await guest(['viewer', 'developer']);
      const before = (await hosts.traces()).jobs.length;

      const made = await registerBy(await tokenIn(id), { username: 'newcomer' });

      expect(InvitedRegistered.strict().parse(made)).toEqual(made);
      expect(made).toMatchObject({
        user: { email, username: 'newcomer', emailVerifiedAt: clock.now().toISOString() },
        organization: { id: hosts.owner.organization?.id },
        member: { status: 'active', roles: [{ key: 'viewer' }, { key: 'developer' }] },
      });
      const signedIn = await signIn(hosts.platform, { login: email });
      const ctx = await contextOf(hosts.platform, signedIn.accessToken, 'required');
      expect(ctx.principal).toMatchObject({ organizationId: hosts.owner.organization?.id, emailVerified: true });
      expect((await ofOrganization({ status: ['accepted'] })).data[0]).toMatchObject({ id });
      // Nothing is left to verify.
      expect((await hosts.traces()).jobs.length).toBe(before);
      expect(await eventsOf(id, made.user.id)).toMatchObject([
        { type: 'member.invited' },
        { type: 'member.joined', actor: made.user.id, payload: { data: { invitationId: id } } },
      ]);
    });

    it('are good for one account, also at the same time', async () => {
      const { email, id } = await guest();
      const token = await tokenIn(id);
      const codes = await Promise.all(Array.from({ length: 4 }, () => codeOf(registerBy(token))));
      expect(codes.filter((code) => code === 'passed')).toHaveLength(1);
      expect(codes.filter((code) => ['email_taken', 'invitation_not_pending'].includes(code))).toHaveLength(3);
      expect((await ofOrganization({ status: ['accepted'] })).data[0]).toMatchObject({ email });
      expect(await codeOf(registerBy(token))).toBe('email_taken');
    });

    it('make nothing when they are forged, too late, taken back, or of a closed organization', async () => {
      const { id } = await guest();
      const token = await tokenIn(id);
      const another = await guest();
      const [, signature = ''] = token.split('.');
      for (const wrong of ['nonsense', id, `${id}.`, `${another.id}.${signature}`, `${token}x`, `${token}.x`])
        expect(await codeOf(registerBy(wrong))).toBe('validation_failed');
      await revoke(another.id);
      expect(await tokenIn(another.id)).toBe('');
      await close(true);
      expect(await tokenIn(id)).toBe('');
      expect(await codeOf(registerBy(token))).toBe('organization_inactive');
      await close(false);
      await trash(true);
      expect(await tokenIn(id)).toBe('');
      expect(await codeOf(registerBy(token))).toBe('validation_failed');
      await trash(false);
      clock.advance(7 * day);
      expect(await codeOf(registerBy(token))).toBe('invitation_not_pending');
    });

    it('are for those without an account: the others sign in', async () => {
      const { email, id } = await guest();
      const token = await tokenIn(id);
      const person = await signUp(hosts.platform, { email });
      expect(await codeOf(registerBy(token))).toBe('email_taken');
      expect(await codeOf(hosts.accept(person, id))).toBe('passed');
    });
  });
});
