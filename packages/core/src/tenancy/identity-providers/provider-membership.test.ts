import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import {
  createOrganization,
  createTestPlatform,
  deactivate,
  dialects,
  TestClock,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { comeBack, fakeOidcTransport } from '../../testing/oidc-client.ts';
import { startTestIssuer, type TestClaims, type TestIssuer } from '../../testing/oidc-issuer.ts';
import { ownIssuer, signInAt } from '../../testing/oidc-provider.ts';
import { anonymous, codeOf, contextOf, newEmail } from '../../testing/people.ts';
import { addMember } from '../invitations/invitation.service.ts';
import { reinstateMember, removeMember, setMemberRoles, suspendMember } from '../members/member.service.ts';
import { assignRoles } from '../role-assignments/held-roles.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { updateIdentityProvider } from './identity-provider.service.ts';
import { finishOidc } from './sign-in.service.ts';

type Provider = Awaited<ReturnType<typeof ownIssuer>>;

describe.each(dialects)('on %s, a sign-in at an issuer of an organization', (dialect) => {
  const clock = new TestClock();
  let issuer: TestIssuer;
  let platform: TestPlatform;

  beforeAll(async () => {
    issuer = await startTestIssuer('acme');
    platform = await createTestPlatform(dialect, { clock, settings: { organizationIssuersInPrivateNetworks: true } });
  });
  afterAll(async () => {
    await platform.dispose();
    await issuer.stop();
  });

  const found = async (fields: Parameters<typeof ownIssuer>[2] = {}) => {
    const organization = await createOrganization(platform);
    return { organization, provider: await ownIssuer(organization, issuer, fields) };
  };
  const emails = new Map<string, string>();
  const signIn = (provider: Provider, subject: string, more: TestClaims = {}) => {
    const email = emails.get(`${provider.id} ${subject}`) ?? newEmail();
    emails.set(`${provider.id} ${subject}`, email);
    return signInAt(platform, issuer, provider, subject, { email, email_verified: true, ...more });
  };
  const rolesOf = async ({ accessToken }: { accessToken: string }) => {
    const { principal } = await contextOf(platform, accessToken, 'required');
    return principal?.grants.map(({ roleKey }) => roleKey).toSorted();
  };
  const rolesAfter = async (provider: Provider, subject: string, groups: unknown) =>
    rolesOf(await signIn(provider, subject, { groups }));
  const memberPath = (organization: TestOrganization, userId: string) => ({ organizationId: organization.id, userId });
  const eventsAbout = (userId: string, organizationId: string) =>
    readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .innerJoin('event_payloads', 'event_payloads.event_id', 'events.id')
        .select(['events.type', 'events.actor_id as actorId', 'event_payloads.payload'])
        .where('events.entity_id', '=', userId)
        .where('events.organization_id', '=', organizationId)
        .orderBy('events.id')
        .execute(),
    );
  const mapping = ({ roleIds }: Pick<TestOrganization, 'roleIds'>) => [
    { value: 'bosses', roleId: roleIds.owner },
    { value: 'leads', roleId: roleIds.manager },
    { value: 'leads', roleId: roleIds.auditor },
    { value: 'readers', roleId: roleIds.viewer },
  ];
  /** An organization whose issuer says in `groups` what people are. */
  const mapped = async (fields: Parameters<typeof ownIssuer>[2] = {}) => {
    const organization = await createOrganization(platform);
    const more = { roleClaim: 'groups', roleMappings: mapping(organization), ...fields };
    return { organization, provider: await ownIssuer(organization, issuer, more) };
  };

  it('makes a member with the default role, once, and says so', async () => {
    const { organization, provider } = await found({});
    const { user, ...first } = await signIn(provider, 'new');
    expect(await rolesOf(first)).toEqual(['member']);
    expect(await rolesOf(await signIn(provider, 'new'))).toEqual(['member']);
    expect(await eventsAbout(user.id, organization.id)).toEqual([
      {
        type: 'member.joined',
        actorId: user.id,
        payload: { changes: {}, data: { identityProviderId: provider.id, roles: ['member'] } },
      },
    ]);
  });

  it('makes nobody a member where it is not to, or where nothing gives them a role', async () => {
    const closed = await found({ createMembers: false });
    expect(await codeOf(signIn(closed.provider, 'stranger'))).toBe('oidc_no_membership');
    const empty = await mapped({ defaultRoleId: null });
    for (const groups of [undefined, [], ['others'], 'leads, readers', { leads: true }, 7])
      expect(await codeOf(signIn(empty.provider, 'roleless', { groups }))).toBe('oidc_no_role');
    const { count } = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('user_identities')
        .select((eb) => eb.fn.countAll<number | string>().as('count'))
        .where('realm', 'in', [closed.provider.id, empty.provider.id])
        .executeTakeFirstOrThrow(),
    );
    expect(Number(count)).toBe(0);
  });

  it('gives the roles that are mapped from a claim: a text, a list, or further down', async () => {
    const { organization, provider } = await mapped();
    expect(await rolesAfter(provider, 'text', 'readers')).toEqual(['viewer']);
    expect(await rolesAfter(provider, 'list', ['leads', 'readers', 4])).toEqual(['auditor', 'manager', 'viewer']);
    expect(await rolesAfter(provider, 'none', ['others'])).toEqual(['member']);
    await updateIdentityProvider(organization.owner.ctx(), { id: provider.id, roleClaim: 'groups.of.tenon' });
    expect(await rolesAfter(provider, 'deep', { of: { tenon: ['leads'] } })).toEqual(['auditor', 'manager']);
    expect(await rolesAfter(provider, 'shallow', ['of'])).toEqual(['member']);
  });

  it('sets them anew each time, and says that nobody here did it', async () => {
    const { organization, provider } = await mapped();
    const { user } = await signIn(provider, 'mover', { groups: ['leads'] });
    expect(await rolesAfter(provider, 'mover', ['readers'])).toEqual(['viewer']);
    expect(await rolesAfter(provider, 'mover', ['readers'])).toEqual(['viewer']);
    expect(await rolesAfter(provider, 'mover', ['others'])).toEqual(['member']);
    const changes = (await eventsAbout(user.id, organization.id)).filter(({ type }) => type === 'member.role_changed');
    expect(changes.map(({ actorId }) => actorId)).toEqual([null, null]);
    expect(changes[0]?.payload).toMatchObject({
      changes: { roles: { from: ['manager', 'auditor'], to: ['viewer'] } },
      data: { identityProviderId: provider.id },
    });
    await updateIdentityProvider(organization.owner.ctx(), { id: provider.id, defaultRoleId: null });
    expect(await rolesAfter(provider, 'mover', ['others'])).toEqual(['member']);
  });

  it('touches no role in another organization', async () => {
    const [one, two] = [await mapped(), await mapped()];
    const { user } = await signIn(one.provider, 'both', { groups: ['leads'] });
    // The same person, linked in the other one too.
    await signIn(two.provider, 'both', { groups: ['readers'] });
    await writeThroughSystemDoor(anonymous(platform), ({ db }) =>
      db.updateTable('user_identities').set({ user_id: user.id }).where('realm', '=', two.provider.id).execute(),
    );
    expect(await rolesAfter(two.provider, 'both', ['readers'])).toEqual(['viewer']);
    expect(await rolesAfter(two.provider, 'both', ['others'])).toEqual(['member']);
    expect(await rolesAfter(one.provider, 'both', ['leads'])).toEqual(['auditor', 'manager']);
    const changed = (await eventsAbout(user.id, one.organization.id)).map(({ type }) => type);
    expect(changed).toEqual(['member.joined']);
  });

  it('leaves roles to the administrators without a role claim', async () => {
    const { organization, provider } = await found();
    const { user } = await signIn(provider, 'promoted');
    const roleIds = [organization.roleIds.admin];
    await setMemberRoles(organization.owner.ctx(), { ...memberPath(organization, user.id), roleIds });
    expect(await rolesOf(await signIn(provider, 'promoted'))).toEqual(['admin']);
  });

  it('keeps the last owner one', async () => {
    const { organization, provider } = await mapped();
    await signIn(provider, 'boss', { groups: ['bosses'] });
    const theirs = memberPath(organization, organization.owner.userId);
    // Who is a member here and owns another organization owns nothing here.
    const bystander = await organization.addMember('viewer');
    // Nor does who owns it and is suspended here, though they are active elsewhere.
    const suspended = await organization.addMember('owner');
    await suspendMember(organization.owner.ctx(), memberPath(organization, suspended.userId));
    const elsewhere = await createOrganization(platform, 'Elsewhere');
    const now = clock.now();
    await writeThroughSystemDoor(anonymous(platform), async (unit) => {
      const at = { organizationId: elsewhere.id, userId: bystander.userId };
      const joined = { status: 'active' as const, version: 1, joinedAt: now, createdAt: now, updatedAt: now };
      await unit.insert(MembershipEntity, { ...at, ...joined }, { ...at, userId: suspended.userId, ...joined });
      await assignRoles(unit, at, [elsewhere.roleIds.owner], bystander.userId);
    });
    clock.advance(3001);
    await setMemberRoles(organization.owner.ctx(), { ...theirs, roleIds: [organization.roleIds.admin] });
    expect(await rolesAfter(provider, 'boss', ['readers'])).toEqual(['owner', 'viewer']);
    expect(await rolesAfter(provider, 'boss', ['readers'])).toEqual(['owner', 'viewer']);
    await signIn(provider, 'heir', { groups: ['bosses'] });
    expect(await rolesAfter(provider, 'boss', ['readers'])).toEqual(['viewer']);
  });

  it('lets nobody in who is suspended or not active, and whoever left in again', async () => {
    const { organization, provider } = await found();
    const { user } = await signIn(provider, 'person');
    const path = memberPath(organization, user.id);
    await suspendMember(organization.owner.ctx(), path);
    expect(await codeOf(signIn(provider, 'person'))).toBe('oidc_no_membership');
    // That they are told, whatever the issuer would make of them.
    const { member } = organization.roleIds;
    await updateIdentityProvider(organization.owner.ctx(), { id: provider.id, defaultRoleId: null });
    expect(await codeOf(signIn(provider, 'person'))).toBe('oidc_no_membership');
    await updateIdentityProvider(organization.owner.ctx(), { id: provider.id, defaultRoleId: member });
    await reinstateMember(organization.owner.ctx(), path);
    expect(await codeOf(signIn(provider, 'person'))).toBe('passed');
    await removeMember(organization.owner.ctx(), path);
    expect(await rolesOf(await signIn(provider, 'person'))).toEqual(['member']);
    await removeMember(organization.owner.ctx(), path);
    await deactivate(platform, user.id);
    expect(await codeOf(signIn(provider, 'person'))).toBe('user_inactive');
    const { status } = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('memberships').select('status').where('user_id', '=', user.id).executeTakeFirstOrThrow(),
    );
    expect(status).toBe('ended');
  });

  it('takes as many seats as there are, when everybody comes at once', async () => {
    const { organization, provider } = await found();
    await writeThroughSystemDoor(anonymous(platform), ({ db }) =>
      db.updateTable('organizations').set({ max_users: 3 }).where('id', '=', organization.id).execute(),
    );
    const come = (subject: string) =>
      comeBack(platform, issuer, subject, { email: newEmail(), email_verified: true }, { issuer: provider.id });
    const begun = [];
    for (const subject of ['a', 'b', 'c', 'd', 'e']) begun.push(await come(subject));
    const codes = await Promise.all(
      begun.map(({ answer, binding }) =>
        codeOf(finishOidc(anonymous(platform), { ...answer, binding }, fakeOidcTransport())),
      ),
    );
    expect(codes.toSorted()).toEqual(['limit_exceeded', 'limit_exceeded', 'limit_exceeded', 'passed', 'passed']);
  });

  it('leaves the seats of those who are invited to them', async () => {
    const { organization, provider } = await found();
    const { owner, roleIds } = organization;
    await writeThroughSystemDoor(anonymous(platform), ({ db }) =>
      db.updateTable('organizations').set({ max_users: 2 }).where('id', '=', organization.id).execute(),
    );
    const invited = { organizationId: organization.id, email: newEmail(), roleIds: [roleIds.viewer] };
    await addMember(owner.ctx(), invited);
    expect(await codeOf(signIn(provider, 'uninvited'))).toBe('limit_exceeded');
    emails.set(`${provider.id} invited`, invited.email);
    expect(await codeOf(signIn(provider, 'invited'))).toBe('passed');
  });

  it('makes one account of who comes in several tabs', async () => {
    const { provider } = await found();
    const claims = { email: newEmail(), email_verified: true };
    const begun = [];
    for (let count = 0; count < 3; count++)
      begun.push(await comeBack(platform, issuer, 'tabs', claims, { issuer: provider.id }));
    const signedIn = await Promise.all(
      begun.map(({ answer, binding }) => finishOidc(anonymous(platform), { ...answer, binding }, fakeOidcTransport())),
    );
    expect(new Set(signedIn.map(({ user }) => user.id)).size).toBe(1);
  });
});
