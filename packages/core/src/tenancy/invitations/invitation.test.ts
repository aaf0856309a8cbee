import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHosts, type Hosts } from '../../testing/hosts.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { dialects, TestClock } from '../../testing/index.ts';
import { invitationMail } from './invitation.mail.ts';
import { listOwnInvitations } from './invitation.queries.ts';
import { Invitation, InvitationListInput } from './invitation.schema.ts';
import { acceptInvitation } from './invitation.answer.ts';
import { addMember } from './invitation.service.ts';
import { listMembers } from '../members/member.queries.ts';
import { Member, MemberListInput } from '../members/member.schema.ts';
import { removeMember, setMemberRoles } from '../members/member.service.ts';
import { listRoles } from '../roles/role.queries.ts';
import { RoleListInput } from '../roles/role.schema.ts';
import { anonymous, codeOf, newEmail, type SignedUpPerson, signUp } from '../../testing/people.ts';

const day = 86_400_000;

describe.each(dialects)('invitations on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  const organizationId = 'of-the-context';
  let hosts: Hosts;

  beforeAll(async () => {
    hosts = await createHosts(dialect, clock);
  });
  afterAll(() => hosts.platform.dispose());

  const memberOf = async (person: SignedUpPerson) => {
    const input = { ...MemberListInput.parse({ organizationId }), search: person.email };
    return (await listMembers(await hosts.owner.ctx('required'), input)).data[0];
  };

  it('lead from an address to a membership with the roles that were offered', async () => {
    const email = newEmail();
    expect(await hosts.invite(email.toUpperCase(), ['viewer', 'developer'])).toEqual({ status: 'invited' });
    const person = await signUp(hosts.platform, { email });

    const invitation = await hosts.invitationOf(person);
    expect(Invitation.strict().parse(invitation)).toEqual(invitation);
    expect(invitation).toMatchObject({
      organization: { id: hosts.owner.organization?.id, name: 'Hosts', slug: 'hosts' },
      email: email.toUpperCase(),
      roles: [{ key: 'viewer' }, { key: 'developer' }],
      status: 'pending',
      invitedBy: { id: hosts.owner.user.id, username: 'olga', fullName: 'Olga Owner' },
      expiresAt: new Date(clock.now().getTime() + 7 * day).toISOString(),
    });
    expect(await codeOf(person.ctx('required'))).toBe('no_organization');

    const member = await hosts.accept(person, invitation.id);

    expect(Member.strict().parse(member)).toEqual(member);
    expect(member).toMatchObject({ user: { id: person.user.id }, status: 'active', roles: invitation.roles });
    expect((await person.ctx('required')).principal).toMatchObject({
      organizationId: hosts.owner.organization?.id,
      grants: expect.arrayContaining([expect.objectContaining({ roleKey: 'developer' })]),
    });
    expect(await hosts.invitationOf(person)).toMatchObject({ status: 'accepted' });
    const events = await readThroughSystemDoor(hosts.platform.database, (db) =>
      db
        .selectFrom('events')
        .select(['type', 'actor_id as actor', 'organization_id as organization'])
        .where('entity_id', 'in', [invitation.id, person.user.id])
        .where('organization_id', 'is not', null)
        .orderBy('id')
        .execute(),
    );
    const organization = hosts.owner.organization?.id;
    expect(events).toEqual([
      { type: 'member.invited', actor: hosts.owner.user.id, organization },
      { type: 'member.joined', actor: person.user.id, organization },
    ]);
  });

  it('answer the same for the unknown, the known, the invited and the member', async () => {
    const [known, member] = [await signUp(hosts.platform), await hosts.join()];
    const unknown = newEmail();
    const before = await hosts.traces();

    for (const email of [unknown, known.email, member.email, unknown])
      expect(await hosts.invite(email)).toEqual({ status: 'invited' });

    const after = await hosts.traces();
    expect(after.invitations.length - before.invitations.length).toBe(2);
    expect(after.jobs.length - before.jobs.length).toBe(3);
    expect((await memberOf(member))?.roles).toMatchObject([{ key: 'member' }]);
  });

  it('are renewed, not repeated, also when two invite at once', async () => {
    const person = await signUp(hosts.platform);
    await Promise.all([
      hosts.invite(person.email),
      hosts.invite(person.email),
      hosts.invite(person.email, ['manager']),
    ]);
    const first = await hosts.invitationOf(person);
    clock.advance(8 * day);
    expect(await hosts.invitationOf(person)).toMatchObject({ status: 'expired' });

    await hosts.invite(person.email, ['viewer']);

    expect(await hosts.invitationOf(person)).toMatchObject({
      id: first.id,
      status: 'pending',
      roles: [{ key: 'viewer' }],
      expiresAt: new Date(clock.now().getTime() + 7 * day).toISOString(),
    });
  });

  it('are renewed and accepted at the same time without harm', async () => {
    for (let round = 0; round < 8; round++) {
      const person = await signUp(hosts.platform);
      await hosts.invite(person.email);
      const { id } = await hosts.invitationOf(person);

      const codes = await Promise.all([hosts.invite(person.email, ['viewer']), hosts.accept(person, id)].map(codeOf));

      expect(codes).toEqual(['passed', 'passed']);
      expect(await memberOf(person)).toMatchObject({ status: 'active' });
    }
  });

  it('offer no more than who invites holds, and only roles of the organization', async () => {
    const admin = await hosts.join(['admin']);
    const other = await signUp(hosts.platform, { organizationName: 'Others' });
    const foreign = (await listRoles(await other.ctx('required'), RoleListInput.parse({}))).data[0]?.id ?? '';
    const before = await hosts.traces();

    expect(await codeOf(hosts.invite(newEmail(), ['owner'], admin))).toBe('role_exceeds_own');
    await expect(
      addMember(await hosts.owner.ctx('required'), { organizationId, email: newEmail(), roleIds: [foreign] }),
    ).rejects.toMatchObject({ code: 'role_not_found', details: { field: ['roleIds', 0] } });
    const manager = await hosts.join(['manager']);
    expect(await codeOf(hosts.invite(newEmail(), ['viewer'], manager))).toBe('permission_denied');
    expect((await hosts.traces()).invitations.length - before.invitations.length).toBe(1);
    expect(await codeOf(hosts.invite(newEmail(), ['admin'], admin))).toBe('passed');
  });

  it('are seen and accepted by who holds the address alone', async () => {
    const [person, stranger] = [await signUp(hosts.platform), await signUp(hosts.platform)];
    await hosts.invite(person.email);
    const { id } = await hosts.invitationOf(person);

    expect((await hosts.own(stranger)).data).toEqual([]);
    expect((await hosts.own(hosts.owner)).data).toEqual([]);
    for (const other of [stranger, hosts.owner])
      expect(await codeOf(hosts.accept(other, id))).toBe('invitation_not_found');
    expect(await codeOf(hosts.accept(person, stranger.user.id))).toBe('invitation_not_found');
    expect(await hosts.invitationOf(person)).toMatchObject({ status: 'pending' });
  });

  it('bind to proven addresses', async () => {
    const person = await signUp(hosts.platform);
    await hosts.invite(person.email);
    const { id } = await hosts.invitationOf(person);
    const ctx = await person.ctx('none');
    if (!ctx.principal) throw new Error('Nobody is signed in.');
    const unproven = { ...ctx, principal: { ...ctx.principal, emailVerified: false } };

    expect(await codeOf(listOwnInvitations(unproven, InvitationListInput.parse({})))).toBe('email_not_verified');
    expect(await codeOf(acceptInvitation(unproven, { id }))).toBe('email_not_verified');
    expect(await codeOf(acceptInvitation(anonymous(hosts.platform), { id }))).toBe('unauthenticated');
    // Also when the session does not know yet that the proof is gone.
    await writeThroughSystemDoor(anonymous(hosts.platform), (unit) =>
      unit.db.updateTable('users').set({ email_verified_at: null }).where('id', '=', person.user.id).execute(),
    );
    expect(await codeOf(hosts.accept(person, id))).toBe('invitation_not_found');
  });

  it('are accepted once, in time, while they are pending', async () => {
    const [twice, late, revoked] = [
      await signUp(hosts.platform),
      await signUp(hosts.platform),
      await signUp(hosts.platform),
    ];
    for (const person of [twice, late, revoked]) await hosts.invite(person.email);
    const { id } = await hosts.invitationOf(twice);
    const codes = await Promise.all(Array.from({ length: 5 }, () => codeOf(hosts.accept(twice, id))));
    expect(codes.toSorted()).toEqual([...Array.from({ length: 4 }, () => 'invitation_not_pending'), 'passed']);

    const withdrawn = await hosts.invitationOf(revoked);
    await writeThroughSystemDoor(anonymous(hosts.platform), (unit) =>
      unit.db.updateTable('invitations').set({ status: 'revoked' }).where('id', '=', withdrawn.id).execute(),
    );
    expect(await codeOf(hosts.accept(revoked, withdrawn.id))).toBe('invitation_not_pending');

    clock.advance(7 * day);
    expect(await codeOf(hosts.accept(late, (await hosts.invitationOf(late)).id))).toBe('invitation_not_pending');
    expect(await memberOf(late)).toBeUndefined();
  });

  it('bring an ended membership back, with the offered roles only', async () => {
    const person = await hosts.join(['manager']);
    const joinedAt = (await memberOf(person))?.joinedAt;
    await removeMember(await hosts.owner.ctx('required'), { organizationId, userId: person.user.id });
    expect(await codeOf(person.ctx('required'))).toBe('no_organization');
    clock.advance(1000);

    await hosts.invite(person.email, ['viewer']);
    await hosts.accept(person, (await hosts.invitationOf(person, { status: ['pending'] })).id);

    const member = await memberOf(person);
    expect(member).toMatchObject({ status: 'active', roles: [{ key: 'viewer' }] });
    expect(Date.parse(member?.joinedAt ?? '') - Date.parse(joinedAt ?? '')).toBe(1000);
    expect(await codeOf(person.ctx('required'))).toBe('passed');
  });

  it('take effect at once in this process: roles, removal', async () => {
    const person = await hosts.join(['member']);
    const grants = async () => (await person.ctx('required')).principal?.grants.map((grant) => grant.roleKey);
    expect(await grants()).toEqual(['member']);

    const userId = person.user.id;
    await setMemberRoles(await hosts.owner.ctx('required'), {
      organizationId,
      userId,
      roleIds: hosts.idsOf(['auditor']),
    });

    expect(await grants()).toEqual(['auditor']);
  });

  it('are replayed for one Idempotency-Key', async () => {
    const person = await signUp(hosts.platform);
    await hosts.invite(person.email);
    const { id } = await hosts.invitationOf(person);
    const mutation = { idempotencyKey: 'accept', procedure: 'invitations.accept' };

    const first = await hosts.accept(person, id, mutation);

    expect(await hosts.accept(person, id, mutation)).toEqual(first);
    expect(await codeOf(hosts.accept(person, id))).toBe('invitation_not_pending');
  });

  it('are told by mail while they are pending', async () => {
    const person = await signUp(hosts.platform);
    await hosts.invite(person.email);
    const { id } = await hosts.invitationOf(person);
    expect((await hosts.traces()).jobs.at(-1)).toEqual({ payload: { template: 'invitation', invitationId: id } });

    const mail = await invitationMail(anonymous(hosts.platform), { invitationId: id });
    expect(mail).toMatchObject({ to: person.email, subject: 'You are invited to Hosts' });
    expect(mail?.text).toContain(`/api/v1/invitations/${id}/accept`);
    expect(mail?.text).toContain('Olga Owner');

    await hosts.accept(person, id);
    expect(await invitationMail(anonymous(hosts.platform), { invitationId: id })).toBeNull();
  });
});
