import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { comeBack, fakeOidcTransport } from '../../testing/oidc-client.ts';
import { startTestIssuer, type TestClaims, type TestIssuer } from '../../testing/oidc-issuer.ts';
import { ownIssuer, signInAt } from '../../testing/oidc-provider.ts';
import { anonymous, codeOf, contextOf, moveAddress, newEmail, signUp } from '../../testing/people.ts';
import { signAccessToken } from '../../identity/access-token.ts';
import { refresh } from '../../identity/index.ts';
import { OidcSessionEntity } from '../../identity/oidc/oidc.entity.ts';
import { SessionEntity } from '../../identity/session.entity.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { openSessionOf } from '../../testing/sign-in.ts';
import {
  deactivateOrganization,
  deleteOrganization,
  setOrganizationTier,
} from '../organizations/organization.service.ts';
import { deleteIdentityProvider, updateIdentityProvider } from './identity-provider.service.ts';
import { findIssuer, isOrganizations } from './provider-issuer.ts';
import { lockIssuer } from './provider-membership.ts';
import { answerOidc, endOidcSessions, finishOidc, listOidcIssuers, logoutOidc, startOidc } from './sign-in.service.ts';

const said = (email = newEmail(), more: TestClaims = {}): TestClaims => ({ email, email_verified: true, ...more });

describe.each(dialects)('on %s, signing in at an issuer of an organization', (dialect) => {
  const clock = new TestClock();
  let installation: TestIssuer;
  let issuer: TestIssuer;
  let platform: TestPlatform;
  let acme: TestOrganization;
  let provider: Awaited<ReturnType<typeof ownIssuer>>;

  beforeAll(async () => {
    [installation, issuer] = [await startTestIssuer('local'), await startTestIssuer('acme')];
    const settings = { oidcIssuers: [installation.settings], organizationIssuersInPrivateNetworks: true };
    platform = await createTestPlatform(dialect, { clock, settings });
    acme = await createOrganization(platform);
    provider = await ownIssuer(acme, issuer);
  });
  afterAll(async () => {
    await platform.dispose();
    await Promise.all([installation.stop(), issuer.stop()]);
  });

  const signIn = (subject: string, claims: TestClaims = said(), at: { id: string } = provider) =>
    signInAt(platform, issuer, at, subject, claims);
  const lives = (refreshToken: string | undefined) =>
    codeOf(refresh(anonymous(platform), { refreshToken }, fakeOidcTransport()));
  const principalOf = async (token: string, header?: string) =>
    (await contextOf(platform, token, 'required', { header })).principal;
  const usersWith = (email: string) =>
    readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('users').select(['id', 'email_verified_at']).where('email_key', '=', email).execute(),
    );
  /** Another organization that has chosen the same issuer. */
  const another = async () => {
    const organization = await createOrganization(platform, 'Other');
    return { organization, provider: await ownIssuer(organization, issuer) };
  };

  it('is offered to who knows the organization, and to nobody else', async () => {
    const everybodys = { id: 'local', name: 'Issuer local', issuer: installation.settings.issuer };
    const own = { id: provider.id, name: provider.label, issuer: issuer.settings.issuer };
    const listed = async (organization?: string) => (await listOidcIssuers(anonymous(platform), { organization })).data;
    expect(await listed(acme.id)).toEqual([everybodys, own]);
    expect(await listed()).toEqual([everybodys]);
    expect(await listed(provider.id)).toEqual([everybodys]);
  });

  it('makes an account without a proven address, whose owner gets a mail, and a session that opens the organization', async () => {
    const email = newEmail();
    const { user, accessToken, refreshToken } = await signIn('new', said(email, { name: 'Robin Fletcher' }));
    expect(user).toMatchObject({ email, emailVerifiedAt: null, fullName: 'Robin Fletcher' });
    const mails = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('jobs').select('payload').where('kind', '=', 'mail.send').execute(),
    );
    expect(mails.map(({ payload }) => payload)).toContainEqual({ template: 'verify_email', email });
    const principal = await principalOf(accessToken);
    expect(principal).toMatchObject({ userId: user.id, organizationId: acme.id, limited: true });
    expect(principal?.grants.map(({ roleKey }) => roleKey)).toEqual(['member']);
    expect(await lives(refreshToken)).toBe('passed');
    expect((await signIn('new', { email: newEmail() })).user.id).toBe(user.id);
  });

  it('gets into no account that it did not make, whatever address it claims', async () => {
    const victim = await signUp(platform, { organizationName: 'Victims' });
    for (const email of [victim.email, victim.email.toUpperCase()])
      expect(await codeOf(signIn('attacker', said(email)))).toBe('oidc_account_exists');
    // Nor with the one that was theirs until lately.
    await moveAddress(platform, victim);
    expect(await codeOf(signIn('attacker', said(victim.email)))).toBe('oidc_account_exists');
    // One that nobody has proven is nobody's to take either.
    const { user } = await signIn('first', said());
    const { provider: theirs } = await another();
    expect(await codeOf(signIn('attacker', said(user.email), theirs))).toBe('oidc_account_exists');
    expect(await codeOf(signIn('attacker', { email: newEmail() }))).toBe('oidc_email_not_verified');
    expect(await codeOf(signIn('s'.repeat(256)))).toBe('oidc_rejected');
    expect(await usersWith(user.email)).toEqual([{ id: user.id, email_verified_at: null }]);
  });

  it('knows its own people alone: one subject at two organizations, and at the installation, is three people', async () => {
    const { provider: theirs, organization } = await another();
    const [here, there] = [await signIn('same', said()), await signIn('same', said(), theirs)];
    expect(here.user.id).not.toBe(there.user.id);
    expect(await principalOf(there.accessToken)).toMatchObject({ organizationId: organization.id });
    const ctx = { ...anonymous(platform), settings: { ...platform.settings, oidcIssuers: [issuer.settings] } };
    const { answer, binding } = await comeBack({ ...platform, context: () => ctx }, issuer, 'same', said());
    const everywhere = await finishOidc(ctx, { ...answer, binding }, fakeOidcTransport());
    expect([here.user.id, there.user.id]).not.toContain(everywhere.user.id);
  });

  it('makes links inert when it becomes another issuer', async () => {
    const moved = await startTestIssuer('moved');
    const { organization, provider: theirs } = await another();
    const before = await signIn('kept', said(), theirs);
    const { issuer: url, clientId, clientSecret } = moved.settings;
    const change = { id: theirs.id, issuer: url, clientId, clientSecret };
    expect(await codeOf(updateIdentityProvider(organization.owner.ctx(), { id: theirs.id, issuer: url }))).toBe(
      'validation_failed',
    );
    await updateIdentityProvider(organization.owner.ctx(), change);
    moved.allow(theirs.redirectUri);
    expect(await lives(before.refreshToken)).toBe('unauthenticated');
    expect(await codeOf(signInAt(platform, moved, theirs, 'kept', said(before.user.email)))).toBe(
      'oidc_account_exists',
    );
    const after = await signInAt(platform, moved, theirs, 'kept', said());
    expect(after.user.id).not.toBe(before.user.id);
    await moved.stop();
  });

  it('opens no other organization, however it is named', async () => {
    const person = await signIn('limited');
    const other = await createOrganization(platform, 'Second');
    const joined = { status: 'active' as const, version: 1, joinedAt: clock.now(), createdAt: clock.now() };
    await writeThroughSystemDoor(anonymous(platform), (unit) =>
      unit.insert(MembershipEntity, {
        organizationId: other.id,
        userId: person.user.id,
        ...joined,
        updatedAt: clock.now(),
      }),
    );
    const full = await openSessionOf(platform, person.user.id, other.id);
    clock.advance(3001);
    for (const name of [other.id, other.slug])
      expect(await codeOf(principalOf(person.accessToken, name))).toBe('organization_not_found');
    expect(await principalOf(person.accessToken, acme.slug)).toMatchObject({ organizationId: acme.id });
    // A session of the account itself gets there.
    const { userId, sessionId } = full;
    const token = await signAccessToken(platform.settings, clock.now(), { userId, sessionId });
    expect(await principalOf(token, other.slug)).toMatchObject({ organizationId: other.id });
  });

  it('is worth nothing once its person is no member any more', async () => {
    const { user, accessToken } = await signIn('leaver');
    await writeThroughSystemDoor(anonymous(platform), ({ db }) =>
      db.updateTable('memberships').set({ status: 'suspended' }).where('user_id', '=', user.id).execute(),
    );
    clock.advance(3001);
    for (const need of ['none', 'optional', 'required'] as const)
      expect(await codeOf(contextOf(platform, accessToken, need))).toBe('unauthenticated');
    expect(await codeOf(signIn('leaver'))).toBe('oidc_no_membership');
  });

  it('ends no session of the account itself, however often somebody signs in there', async () => {
    const first = await signIn('busy');
    const kept = await openSessionOf(platform, first.user.id);
    for (let count = 0; count < 3; count++) {
      clock.advance(1000);
      await signIn('busy');
    }
    expect([await lives(kept.refreshToken), await lives(first.refreshToken)]).toEqual(['passed', 'unauthenticated']);
  });

  it('is refused when the tier falls, the organization is not active, or the provider is disabled or deleted', async () => {
    const { organization, provider: theirs } = await another();
    const begun = await comeBack(platform, issuer, 'late', said(), { issuer: theirs.id });
    const finish = () =>
      codeOf(finishOidc(anonymous(platform), { ...begun.answer, binding: begun.binding }, fakeOidcTransport()));
    const start = () => codeOf(signIn('late', said(), theirs));
    const tier = (to: 'pro' | 'enterprise') =>
      setOrganizationTier(anonymous(platform), { organization: organization.id, tier: to });
    await tier('pro');
    expect([await start(), await finish()]).toEqual(['oidc_issuer_not_found', 'oidc_issuer_not_found']);
    expect((await listOidcIssuers(anonymous(platform), { organization: organization.id })).data).toHaveLength(1);
    await tier('enterprise');
    const person = await signIn('late', said(), theirs);
    await updateIdentityProvider(organization.owner.ctx(), { id: theirs.id, enabled: false });
    expect([await start(), await lives(person.refreshToken)]).toEqual(['oidc_issuer_not_found', 'unauthenticated']);
    await updateIdentityProvider(organization.owner.ctx(), { id: theirs.id, enabled: true });
    expect(await lives(person.refreshToken)).toBe('unauthenticated');
    const again = await signIn('late', said(), theirs);
    const bystander = await signIn('bystander');
    await deleteIdentityProvider(organization.owner.ctx(), { id: theirs.id });
    expect([await start(), await lives(again.refreshToken)]).toEqual(['oidc_issuer_not_found', 'unauthenticated']);
    expect(await lives(bystander.refreshToken)).toBe('passed');
    expect(await codeOf(platform.authenticate(again.accessToken))).toBe('unauthenticated');

    const third = await another();
    await deactivateOrganization(third.organization.owner.ctx());
    expect(await codeOf(signIn('late', said(), third.provider))).toBe('oidc_issuer_not_found');
    const fourth = await another();
    await deleteOrganization(fourth.organization.owner.ctx());
    expect(await codeOf(signIn('late', said(), fourth.provider))).toBe('oidc_issuer_not_found');
  });

  it('ends with the provider, however many sessions there are', async () => {
    const { organization, provider: theirs } = await another();
    const { userId } = organization.owner;
    const now = clock.now();
    const ids = Array.from({ length: 201 }, () => uuidv7());
    await writeThroughSystemDoor(anonymous(platform), async (unit) => {
      const session = { userId, createdAt: now, lastUsedAt: now, expiresAt: new Date(now.getTime() + 60_000) };
      await unit.insert(SessionEntity, ...ids.map((id) => ({ id, ...session })));
      const begun = { userId, issuerRef: theirs.id, issuer: issuer.settings.issuer, subject: 'many' };
      await unit.insert(OidcSessionEntity, ...ids.map((sessionId) => ({ sessionId, ...begun })));
    });
    await deleteIdentityProvider(organization.owner.ctx(), { id: theirs.id });
    const open = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('sessions').select('id').where('user_id', '=', userId).where('revoked_at', 'is', null).execute(),
    );
    expect(open).toEqual([]);
  });

  it('looks at the provider again as it lets somebody in, whom it has proven a moment ago', async () => {
    const { organization, provider: theirs } = await another();
    const { owner } = organization;
    const proven = await findIssuer(anonymous(platform), theirs.id);
    if (!proven || !isOrganizations(proven)) throw new Error('It was made a moment ago.');
    const hold = () => codeOf(writeThroughIdentityDoor(anonymous(platform), (unit) => lockIssuer(unit, proven)));
    expect(await hold()).toBe('passed');
    await updateIdentityProvider(owner.ctx(), { id: theirs.id, clientId: 'another' });
    expect(await hold()).toBe('oidc_rejected');
    const { clientId } = issuer.settings;
    const moved = { id: theirs.id, clientId, issuer: 'https://elsewhere.example.com', clientSecret: null };
    await updateIdentityProvider(owner.ctx(), moved);
    expect(await hold()).toBe('oidc_rejected');
    await updateIdentityProvider(owner.ctx(), { id: theirs.id, enabled: false });
    expect(await hold()).toBe('oidc_issuer_not_found');
  });

  it('takes no answer where another issuer is to bring it', async () => {
    const transport = fakeOidcTransport();
    const options = { issuer: provider.id, transport, tokenTransport: 'cookie' } as const;
    const { answer, url } = await comeBack(platform, issuer, 'mixed', said(), options);
    expect(url.pathname).toBe(`/api/v1/auth/oidc/callback/${provider.id}`);
    const { provider: theirs } = await another();
    for (const at of [null, theirs.id])
      expect(await codeOf(answerOidc(anonymous(platform), answer, transport, at))).toBe('oidc_state_invalid');
    expect(await answerOidc(anonymous(platform), answer, transport, provider.id)).toBe('http://localhost:8000/');
    const everybodys = await comeBack(platform, installation, 'mixed', said(), { transport, tokenTransport: 'cookie' });
    expect(await codeOf(answerOidc(anonymous(platform), everybodys.answer, transport, provider.id))).toBe(
      'oidc_state_invalid',
    );
  });

  it('reaches only the open internet, unless the operator has said otherwise', async () => {
    const settings = { ...platform.settings, organizationIssuersInPrivateNetworks: false };
    const input = { issuer: provider.id, redirectTo: '/', tokenTransport: 'body' } as const;
    const ctx = { ...anonymous(platform), settings };
    const asked = issuer.keysAskedFor;
    expect(await codeOf(startOidc(ctx, input, fakeOidcTransport()))).toBe('oidc_issuer_unavailable');
    expect(issuer.keysAskedFor).toBe(asked);
  });

  it('ends its sessions here and there, and by the back channel those of this organization alone', async () => {
    const { provider: theirs } = await another();
    const [here, there] = [await signIn('channel', said()), await signIn('channel', said(), theirs)];
    const now = Math.floor(Date.now() / 1000);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const { issuer: iss, clientId: aud } = issuer.settings;
    const claims = { iss, aud, sub: 'channel', iat: now, exp: now + 120, jti: `${Math.random()}`, events };
    const token = await issuer.sign(claims);
    expect(await codeOf(endOidcSessions(anonymous(platform), token))).toBe('logout_token_invalid');
    await endOidcSessions(anonymous(platform), token, provider.id);
    expect([await lives(here.refreshToken), await lives(there.refreshToken)]).toEqual(['unauthenticated', 'passed']);
    expect(await codeOf(endOidcSessions(anonymous(platform), token, provider.id))).toBe('logout_token_invalid');
    // The other organization is told by the same token: it is a client of its own.
    await endOidcSessions(anonymous(platform), token, theirs.id);
    expect(await lives(there.refreshToken)).toBe('unauthenticated');
    const strange = await issuer.sign({ ...claims, jti: 'strange', sub: 'a\u0000b' });
    expect(await codeOf(endOidcSessions(anonymous(platform), strange, provider.id))).toBe('logout_token_invalid');

    const leaving = await signIn('leaving', said());
    const { refreshToken = '' } = leaving;
    const { logoutUrl } = await logoutOidc(anonymous(platform), { refreshToken, redirectTo: '/' }, fakeOidcTransport());
    expect(await lives(refreshToken)).toBe('unauthenticated');
    expect((await issuer.signOut(logoutUrl ?? '')).href).toBe('http://localhost:8000/');
  });
});
