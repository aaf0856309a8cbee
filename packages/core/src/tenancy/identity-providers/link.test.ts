import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import {
  changeEmail,
  listOidcIdentities,
  logoutAll,
  OidcIdentityListInput,
  OidcLink,
  refresh,
  resetPassword,
  undoEmailChange,
  unlinkOidcIdentity,
} from '../../identity/index.ts';
import { limitedTokenOf } from '../../testing/sign-in.ts';
import { accountTokens, deactivate, givePassword } from '../../testing/accounts.ts';
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
import {
  anonymous,
  codeOf,
  contextOf,
  newEmail,
  password,
  signIn as passwordSignIn,
  signUp,
  type SignedUpPerson,
} from '../../testing/people.ts';
import { answerOidc, finishOidc, finishOidcLink, linkOidc } from './sign-in.service.ts';

describe.each(dialects)('on %s, who somebody is at an issuer', (dialect) => {
  const clock = new TestClock();
  let everybodys: TestIssuer;
  let issuer: TestIssuer;
  let platform: TestPlatform;
  let acme: TestOrganization;
  let provider: Awaited<ReturnType<typeof ownIssuer>>;
  /** An issuer of the installation that the organization has chosen too. */
  let mirrored: typeof provider;

  beforeAll(async () => {
    [everybodys, issuer] = [await startTestIssuer('local'), await startTestIssuer('acme')];
    const settings = { oidcIssuers: [everybodys.settings], organizationIssuersInPrivateNetworks: true };
    platform = await createTestPlatform(dialect, { clock, settings });
    acme = await createOrganization(platform);
    provider = await ownIssuer(acme, issuer);
    mirrored = await ownIssuer(acme, everybodys);
  });
  afterAll(async () => {
    await platform.dispose();
    await Promise.all([everybodys.stop(), issuer.stop()]);
  });

  const lax = { email: 'somebody@elsewhere.example', email_verified: false };
  const all = OidcIdentityListInput.parse({ total: true });
  type Begin = Partial<OidcLink> & { transport?: ReturnType<typeof fakeOidcTransport> };

  /** Comes back from an issuer as a subject, having begun to link it. */
  const begin = async (person: SignedUpPerson, subject: string, at = provider.id, more: Begin = {}) => {
    const { transport = fakeOidcTransport(), ...fields } = more;
    const input = OidcLink.parse({ issuer: at, tokenTransport: 'body', password, ...fields });
    const { authorizationUrl, binding = '' } = await linkOidc(await person.ctx('none'), input, transport);
    const url = await (at === provider.id ? issuer : everybodys).authorize(authorizationUrl, subject, lax);
    const [state = '', code = '', iss = ''] = ['state', 'code', 'iss'].map((name) => url.searchParams.get(name) ?? '');
    return { answer: { state, code, iss }, binding };
  };
  const link = async (person: SignedUpPerson, subject: string, at = provider.id) => {
    const { answer, binding } = await begin(person, subject, at);
    return finishOidcLink(await person.ctx('none'), { ...answer, binding });
  };
  /** The same, of somebody who has signed in lately and has nothing else to show; at the installation's issuer. */
  const linkAs = async (ctx: () => Promise<ServiceContext>, subject: string, at: string) => {
    const input = OidcLink.parse({ issuer: at, tokenTransport: 'body' });
    const { authorizationUrl, binding = '' } = await linkOidc(await ctx(), input, fakeOidcTransport());
    const { searchParams } = await everybodys.authorize(authorizationUrl, subject, lax);
    const [state = '', code = '', iss = ''] = ['state', 'code', 'iss'].map((name) => searchParams.get(name) ?? '');
    return finishOidcLink(await ctx(), { state, code, iss, binding });
  };
  const signIn = (subject: string, claims: TestClaims = lax) => signInAt(platform, issuer, provider, subject, claims);
  const signInMirrored = (subject: string) => signInAt(platform, everybodys, mirrored, subject, lax);
  const signInEverywhere = async (subject: string, claims: TestClaims = lax) => {
    const { answer, binding } = await comeBack(platform, everybodys, subject, claims);
    return finishOidc(anonymous(platform), { ...answer, binding }, fakeOidcTransport());
  };
  /** As by an API key, which is no session. */
  const withoutSession = async (person: SignedUpPerson) => {
    const ctx = await person.ctx('none');
    if (!ctx.principal) throw new Error('Nobody is signed in.');
    return { ...ctx, principal: { ...ctx.principal, sessionId: null } };
  };
  const identitiesOf = async (person: SignedUpPerson) => (await listOidcIdentities(await person.ctx('none'), all)).data;

  it('is linked by the owner of the account, who signs in by it from then on', async () => {
    const person = await signUp(platform);
    expect(await link(person, 'mine')).toEqual({ status: 'linked' });
    expect(await link(person, 'mine', 'local')).toEqual({ status: 'linked' });
    // Again is no harm.
    expect(await link(person, 'mine')).toEqual({ status: 'linked' });
    const [here, there] = [await signIn('mine'), await signInEverywhere('mine')];
    expect([here.user.id, there.user.id]).toEqual([person.user.id, person.user.id]);
    const { principal } = await contextOf(platform, here.accessToken, 'required');
    expect(principal).toMatchObject({ limited: true, organizationId: acme.id });
    expect(await platform.authenticate(there.accessToken)).toMatchObject({ limitedToId: null });
    const shown = (await listOidcIdentities(await person.ctx('none'), all)).data;
    expect(shown.map(({ issuer: url, subject, identityProviderId }) => [url, subject, identityProviderId])).toEqual([
      [everybodys.settings.issuer, 'mine', null],
      [issuer.settings.issuer, 'mine', provider.id],
    ]);
    const told = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .select(['type', 'organization_id as organizationId', 'actor_id as actorId'])
        .where('entity_id', '=', person.user.id)
        .where('type', '=', 'user.identity_linked')
        .execute(),
    );
    const linked = { type: 'user.identity_linked', organizationId: null, actorId: person.user.id };
    expect(told).toEqual([linked, linked]);
  });

  it('signs nobody in while it is disabled, and is enabled by linking it again', async () => {
    const person = await signUp(platform);
    clock.advance(1000);
    await changeEmail(await person.ctx('none'), { email: newEmail(), currentPassword: password });
    const { undo } = await accountTokens(platform, person.user.id);
    await link(person, 'added', 'local');
    await undoEmailChange(anonymous(platform), { token: undo });
    expect(await codeOf(signInEverywhere('added'))).toBe('oidc_identity_disabled');
    const { reset } = await accountTokens(platform, person.user.id);
    await resetPassword(anonymous(platform), { token: reset, password: 'another battery staple' });
    const { accessToken } = await passwordSignIn(platform, { login: person.email, password: 'another battery staple' });
    const owner = { ...person, ctx: () => contextOf(platform, accessToken, 'none') };
    expect(await identitiesOf(owner)).toMatchObject([{ disabledAt: clock.now().toISOString() }]);

    const { answer, binding } = await begin(owner, 'added', 'local', { password: 'another battery staple' });
    await finishOidcLink(await owner.ctx(), { ...answer, binding });

    expect(await identitiesOf(owner)).toMatchObject([{ disabledAt: null }]);
    expect((await signInEverywhere('added')).user.id).toBe(person.user.id);
  });

  it('belongs to one account', async () => {
    const [one, two] = [await signUp(platform), await signUp(platform)];
    await link(one, 'taken');
    expect(await codeOf(link(two, 'taken'))).toBe('oidc_identity_taken');
    const begun = [await begin(one, 'raced'), await begin(two, 'raced')];
    const codes = await Promise.all(
      [one, two].map(async (person, index) => {
        const { answer, binding } = begun[index] ?? { answer: { state: '', code: '' }, binding: '' };
        return codeOf(finishOidcLink(await person.ctx('none'), { ...answer, binding }));
      }),
    );
    expect(codes.toSorted()).toEqual(['oidc_identity_taken', 'passed']);
  });

  it('is not linked by who cannot show that the account is theirs', async () => {
    const person = await signUp(platform);
    expect(await codeOf(begin(person, 'thief', provider.id, { password: 'wrong' }))).toBe('identity_not_proven');
    expect(await codeOf(begin(person, 'thief', provider.id, { password: undefined }))).toBe('identity_not_proven');
    const limited = await contextOf(platform, await limitedTokenOf(platform, acme.owner.userId, acme.id), 'none');
    const input = OidcLink.parse({ issuer: 'local' });
    expect(await codeOf(linkOidc(limited, input, fakeOidcTransport()))).toBe('session_limited');
    const proven = OidcLink.parse({ issuer: 'local', password });
    expect(await codeOf(linkOidc(await withoutSession(person), proven, fakeOidcTransport()))).toBe('unauthenticated');
  });

  it('is linked to the account of the session that began it, while that lives', async () => {
    const [person, other] = [await signUp(platform), await signUp(platform)];
    const begun = await begin(person, 'bound');
    const input = { ...begun.answer, binding: begun.binding };
    // Neither another person finishes it, nor does it sign anybody in.
    expect(await codeOf(finishOidc(anonymous(platform), input, fakeOidcTransport()))).toBe('oidc_state_invalid');
    const again = await begin(person, 'bound');
    const theirs = { ...again.answer, binding: again.binding };
    expect(await codeOf(finishOidcLink(await other.ctx('none'), theirs))).toBe('oidc_state_invalid');
    const signingIn = await comeBack(platform, issuer, 'bound', lax, { issuer: provider.id });
    const sent = { ...signingIn.answer, binding: signingIn.binding };
    expect(await codeOf(finishOidcLink(await person.ctx('none'), sent))).toBe('oidc_state_invalid');
    // What no session began is refused to who has none before the issuer is asked anything.
    const unlinked = await comeBack(platform, issuer, 'bound', lax, { issuer: provider.id });
    const guessed = { ...unlinked.answer, code: 'guessed', binding: unlinked.binding };
    expect(await codeOf(finishOidcLink(await withoutSession(person), guessed))).toBe('oidc_state_invalid');

    const transport = fakeOidcTransport();
    // A browser finishes what it began by its own way back, and by no other.
    const browsers = await begin(person, 'bound', provider.id, { transport, tokenTransport: 'cookie' });
    const [binding = ''] = transport.bindings.values();
    const taken = { ...browsers.answer, binding };
    expect(await codeOf(finishOidcLink(await person.ctx('none'), taken))).toBe('oidc_state_invalid');
    const late = await begin(person, 'bound', provider.id, { transport, tokenTransport: 'cookie' });
    await logoutAll(await person.ctx('none'), { keepCurrent: false });
    const location = await answerOidc(anonymous(platform), late.answer, transport, provider.id);
    expect(new URL(location).searchParams.get('error')).toBe('oidc_state_invalid');
    expect(await codeOf(signIn('bound'))).toBe('oidc_email_not_verified');
  });

  it('is not linked to the account of a session that has expired meanwhile', async () => {
    const person = await signUp(platform);
    const transport = fakeOidcTransport();
    const { answer } = await begin(person, 'expired', provider.id, { transport, tokenTransport: 'cookie' });
    await writeThroughSystemDoor(anonymous(platform), ({ db, now }) =>
      db.updateTable('sessions').set({ expires_at: now }).where('user_id', '=', person.user.id).execute(),
    );
    const location = await answerOidc(anonymous(platform), answer, transport, provider.id);
    expect(new URL(location).searchParams.get('error')).toBe('oidc_state_invalid');
  });

  it('is not linked to an account that was closed meanwhile', async () => {
    const person = await signUp(platform);
    const transport = fakeOidcTransport();
    const { answer } = await begin(person, 'closed', provider.id, { transport, tokenTransport: 'cookie' });
    await deactivate(platform, person.user.id);
    const location = await answerOidc(anonymous(platform), answer, transport, provider.id);
    expect(new URL(location).searchParams.get('error')).toBe('oidc_state_invalid');
  });

  it('is linked by a browser, which keeps its session', async () => {
    const person = await signUp(platform);
    const transport = fakeOidcTransport();
    const options = { transport, tokenTransport: 'cookie', redirectTo: '/settings' } as const;
    const { answer } = await begin(person, 'browser', provider.id, options);
    const location = await answerOidc(anonymous(platform), answer, transport, provider.id);
    expect(location).toBe('http://localhost:8000/settings');
    expect(transport.cookies).toEqual([]);
    expect((await signIn('browser')).user.id).toBe(person.user.id);
  });

  it('is unlinked by its owner, and the sessions that began so end', async () => {
    const person = await signUp(platform);
    await link(person, 'leaving', mirrored.id);
    await link(person, 'leaving', 'local');
    const [limited, full] = [await signInMirrored('leaving'), await signInEverywhere('leaving')];
    const [, own] = await identitiesOf(person);
    const stranger = await signUp(platform);
    const input = { id: own?.id ?? '' };
    expect(await codeOf(unlinkOidcIdentity(anonymous(platform), input))).toBe('unauthenticated');
    expect(await codeOf(unlinkOidcIdentity(await stranger.ctx('none'), input))).toBe('oidc_identity_not_found');
    await unlinkOidcIdentity(await person.ctx('none'), input);
    const lives = ({ refreshToken }: { refreshToken?: string | undefined }) =>
      codeOf(refresh(anonymous(platform), { refreshToken }, fakeOidcTransport()));
    expect([await lives(limited), await lives(full)]).toEqual(['unauthenticated', 'passed']);
    expect(await codeOf(signInMirrored('leaving'))).toBe('oidc_email_not_verified');
    expect((await identitiesOf(person)).map(({ identityProviderId }) => identityProviderId)).toEqual([null]);
    expect(await codeOf(unlinkOidcIdentity(await person.ctx('none'), input))).toBe('oidc_identity_not_found');
  });

  it('is unlinked without the sessions that began by another identity of the account', async () => {
    const person = await signUp(platform);
    await link(person, 'one', 'local');
    await link(person, 'two', 'local');
    const [two, elsewhere] = [await signInEverywhere('two'), await signInEverywhere('one')];
    const { principal } = await contextOf(platform, elsewhere.accessToken, 'none');
    // The same subject at another issuer of the installation.
    await writeThroughSystemDoor(anonymous(platform), ({ db }) =>
      db
        .updateTable('oidc_sessions')
        .set({ issuer: 'https://elsewhere.example.com' })
        .where('session_id', '=', principal?.sessionId ?? '')
        .execute(),
    );
    const one = (await identitiesOf(person)).find(({ subject }) => subject === 'one');
    await unlinkOidcIdentity(await person.ctx('none'), { id: one?.id ?? '' });
    for (const { refreshToken } of [two, elsewhere])
      expect(await codeOf(refresh(anonymous(platform), { refreshToken }, fakeOidcTransport()))).toBe('passed');
  });

  it('passes to another account without taking along the session that unlinked it', async () => {
    const [first, second] = [await signUp(platform), await signUp(platform)];
    await link(first, 'passed on', 'local');
    const kept = await signInEverywhere('passed on');
    const [of] = await identitiesOf(first);
    await unlinkOidcIdentity(await contextOf(platform, kept.accessToken, 'none'), { id: of?.id ?? '' });
    await link(second, 'passed on', 'local');
    const [then] = await identitiesOf(second);
    await unlinkOidcIdentity(await second.ctx('none'), { id: then?.id ?? '' });
    const { refreshToken } = kept;
    expect(await codeOf(refresh(anonymous(platform), { refreshToken }, fakeOidcTransport()))).toBe('passed');
  });

  it('is unlinked as long as another way is left, when all go at once', async () => {
    const { accessToken } = await signInEverywhere('many', { email: newEmail(), email_verified: true });
    const ctx = () => contextOf(platform, accessToken, 'none');
    for (const subject of ['many 1', 'many 2', 'many 3', 'many 4', 'many 5']) await linkAs(ctx, subject, 'local');
    const { data } = await listOidcIdentities(await ctx(), all);
    const contexts = await Promise.all(data.map(ctx));
    const codes = await Promise.all(
      data.map(({ id }, index) => codeOf(unlinkOidcIdentity(contexts[index] ?? anonymous(platform), { id }))),
    );
    expect(codes.toSorted()).toEqual(['last_sign_in', ...data.slice(1).map(() => 'passed')]);
  });

  it('stays while it is the last way into the account', async () => {
    const { accessToken, user } = await signInEverywhere('only', { email: newEmail(), email_verified: true });
    const ctx = () => contextOf(platform, accessToken, 'none');
    await linkAs(ctx, 'only', mirrored.id);
    const { data } = await listOidcIdentities(await ctx(), all);
    const [limited, full] = data;
    // An organization's issuer leads into that organization, and not into the account.
    expect(await codeOf(unlinkOidcIdentity(await ctx(), { id: full?.id ?? '' }))).toBe('last_sign_in');
    const elsewhere = { ...(await ctx()), settings: { ...platform.settings, oidcIssuers: [] } };
    expect(await codeOf(unlinkOidcIdentity(elsewhere, { id: limited?.id ?? '' }))).toBe('last_sign_in');
    expect((await listOidcIdentities(await ctx(), all)).total).toBe(2);
    await linkAs(ctx, 'only disabled', 'local');
    await writeThroughSystemDoor(anonymous(platform), ({ db, now }) =>
      db.updateTable('user_identities').set({ disabled_at: now }).where('subject', '=', 'only disabled').execute(),
    );
    expect(await codeOf(unlinkOidcIdentity(await ctx(), { id: full?.id ?? '' }))).toBe('last_sign_in');
    expect(await codeOf(unlinkOidcIdentity(await ctx(), { id: limited?.id ?? '' }))).toBe('passed');
    await givePassword(platform, user.id);
    expect(await codeOf(unlinkOidcIdentity(await ctx(), { id: full?.id ?? '' }))).toBe('passed');
  });
});
