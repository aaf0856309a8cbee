import type { ServiceContext } from '../../database/context.ts';
import { isUniqueViolation } from '../../database/failures.ts';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import {
  type AuthorizationAnswer,
  beginFlow,
  endSessionsByLogoutToken,
  findFlow,
  instanceIssuers,
  issuerOfLogoutToken,
  linkPerson,
  logout,
  oidcErrors,
  type OidcFinish,
  type OidcFlow,
  type OidcIssuer,
  type OidcIssuerList,
  type OidcIssuerListInput,
  type OidcLink,
  type OidcLinked,
  type OidcLoggedOut,
  type OidcLogout,
  type OidcStart,
  type OidcStarted,
  type OidcTransport,
  openSessionOfPerson,
  proveIdentity,
  type ProvenPerson,
  provePerson,
  providerOf,
  redirectTarget,
  requireSignedIn,
  type SignedIn,
  signedIn,
  type SignInTransport,
  signOutUrl,
  takeBinding,
  takeFlow,
  userOfPerson,
  withParameters,
} from '../../identity/index.ts';
import { DomainError, errors } from '../../kernel/errors.ts';
import { onlyOrganizationOf } from '../memberships/membership.queries.ts';
import { findIssuer, getIssuer, isOrganizations, listOrganizationIssuers } from './provider-issuer.ts';
import { enterOrganization, lockIssuer } from './provider-membership.ts';

/** Lists the issuers at which everybody may sign in, and those of an organization. */
export async function listOidcIssuers(
  ctx: ServiceContext,
  { organization }: OidcIssuerListInput,
): Promise<OidcIssuerList> {
  const everybodys = instanceIssuers(ctx.settings).map(({ id, name, issuer }) => ({ id, name, issuer }));
  const own = organization === undefined ? [] : await listOrganizationIssuers(ctx, organization);
  return { data: [...everybodys, ...own] };
}

/**
 * Begins a sign-in at an issuer.
 * @throws `oidc_issuer_not_found`, `oidc_issuer_unavailable`, `rate_limited`, `validation_failed` at `redirectTo`
 */
export async function startOidc(ctx: ServiceContext, input: OidcStart, transport: OidcTransport): Promise<OidcStarted> {
  return beginFlow(ctx, await getIssuer(ctx, input.issuer), input, transport);
}

/**
 * Runs `work` on the account of a person whom an issuer has proven. It runs again when the person signed in for the first time in
 * two places at once: the second time, the account is there.
 */
async function withPerson<T>(
  ctx: ServiceContext,
  flow: OidcFlow,
  answer: AuthorizationAnswer,
  work: (unit: Unit, issuer: OidcIssuer, person: ProvenPerson) => Promise<T>,
): Promise<T> {
  const issuer = await getIssuer(ctx, flow.issuerRef);
  const person = await provePerson(ctx, issuer, answer);
  const run = () =>
    writeThroughIdentityDoor(ctx, async (unit) =>
      work(unit, isOrganizations(issuer) ? await lockIssuer(unit, issuer) : issuer, person),
    );
  return run().catch((error: unknown) => {
    if (!isUniqueViolation(error)) throw error;
    return run();
  });
}

/** Finishes a sign-in: proves the person, finds or creates their account, opens a session. */
async function finish(
  ctx: ServiceContext,
  flow: OidcFlow,
  answer: AuthorizationAnswer,
  transport: SignInTransport,
): Promise<SignedIn> {
  const session = await withPerson(ctx, flow, answer, async (unit, issuer, person) => {
    const userId = await userOfPerson(unit, issuer, person);
    if (isOrganizations(issuer)) await enterOrganization(unit, issuer, userId, person.claims);
    const organizationId = issuer.organizationId ?? (await onlyOrganizationOf(unit.db, userId));
    const wanted = { userId, deviceId: flow.deviceId, organizationId };
    return openSessionOfPerson(unit, issuer, person, wanted, transport);
  });
  return signedIn(ctx, session, flow.transport, transport);
}

/** Finishes linking the identity of a session's user at an issuer to their account. */
const link = (ctx: ServiceContext, flow: OidcFlow & { sessionId: string }, answer: AuthorizationAnswer) =>
  withPerson(ctx, flow, answer, (unit, issuer, person) => linkPerson(unit, issuer, person, flow.sessionId));

/**
 * Begins to link the caller's identity at an issuer to their account, so that they can sign in by it.
 * @throws `unauthenticated`, `identity_not_proven`, `oidc_issuer_not_found`, `oidc_issuer_unavailable`, `rate_limited`,
 * `validation_failed` at `redirectTo`
 */
export async function linkOidc(
  ctx: ServiceContext,
  { password, code, ...input }: OidcLink,
  transport: OidcTransport,
): Promise<OidcStarted> {
  requireSignedIn(ctx);
  const { sessionId } = ctx.principal;
  if (sessionId === null) throw errors.unauthenticated();
  await proveIdentity(ctx, { password, code });
  return beginFlow(ctx, await getIssuer(ctx, input.issuer), input, transport, sessionId);
}

/**
 * Finishes linking, for a client that keeps its secrets itself.
 * @throws `unauthenticated`, `oidc_state_invalid`, `oidc_rejected`, `oidc_issuer_unavailable`, `oidc_issuer_not_found`,
 * `oidc_identity_taken`
 */
export async function finishOidcLink(ctx: ServiceContext, { binding, ...answer }: OidcFinish): Promise<OidcLinked> {
  requireSignedIn(ctx);
  const { transport, sessionId, ...flow } = await takeFlow(ctx, answer.state, binding);
  if (transport !== 'body' || sessionId === null || sessionId !== ctx.principal.sessionId)
    throw oidcErrors.oidc_state_invalid({ field: ['state'] });
  await link(ctx, { ...flow, transport, sessionId }, answer);
  return { status: 'linked' };
}

/**
 * Finishes a sign-in, for a client that keeps its secrets itself.
 * @throws `oidc_state_invalid`, `oidc_rejected`, `oidc_issuer_unavailable`, `oidc_email_not_verified`, `oidc_account_exists`,
 * `sign_up_closed`, `oidc_identity_disabled`, `user_inactive`, `oidc_issuer_not_found`, and at an organization's issuer `oidc_no_membership`, `oidc_no_role`,
 * `limit_exceeded`
 */
export async function finishOidc(
  ctx: ServiceContext,
  { binding, ...answer }: OidcFinish,
  transport: SignInTransport,
): Promise<SignedIn> {
  const flow = await takeFlow(ctx, answer.state, binding);
  if (flow.transport !== 'body' || flow.sessionId !== null) throw oidcErrors.oidc_state_invalid({ field: ['state'] });
  return finish(ctx, flow, answer, transport);
}

/**
 * Takes the issuer's answer as the browser brings it, and says where the browser goes: back to the page that began, signed in by
 * cookie, or with what `auth.finishOidc` needs, or with `error`, the code of what went wrong.
 * @param provider the identity provider in whose redirect URI it came; null is that of the installation's issuers
 * @throws `oidc_state_invalid` when this browser began no such sign-in, or at another issuer
 */
export async function answerOidc(
  ctx: ServiceContext,
  answer: AuthorizationAnswer,
  transport: OidcTransport,
  provider: string | null = null,
): Promise<string> {
  const { redirectTo, transport: by, issuerRef } = await findFlow(ctx, answer.state);
  // A code that comes where another issuer's is expected must not be handed to that.
  if (provider !== providerOf(issuerRef)) throw oidcErrors.oidc_state_invalid({ field: ['state'] });
  // Whoever holds the binding finishes it: the answer alone opens nothing.
  if (by === 'body') return withParameters(redirectTo, { ...answer });
  const flow = await takeFlow(ctx, answer.state, takeBinding(answer.state, transport));
  try {
    const { sessionId } = flow;
    await (sessionId === null ? finish(ctx, flow, answer, transport) : link(ctx, { ...flow, sessionId }, answer));
    return redirectTo;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return withParameters(redirectTo, { error: error.code, requestId: ctx.requestId });
  }
}

/**
 * Ends the session of a refresh token, as `logout` does, and says where to sign out at its issuer too.
 * @throws `validation_failed` at `redirectTo`
 */
export async function logoutOidc(
  ctx: ServiceContext,
  { redirectTo, ...input }: OidcLogout,
  transport: SignInTransport,
): Promise<OidcLoggedOut> {
  const target = redirectTarget(ctx.settings, redirectTo, { loopbackToo: true });
  const token = input.refreshToken ?? transport.refreshCookie;
  const logoutUrl = token === null ? null : await signOutUrl(ctx, token, target, findIssuer);
  await logout(ctx, input, transport);
  return { logoutUrl };
}

/** Returns the issuers, of the installation or one organization, that the logout token names and whose client it is for. */
async function issuersOf(ctx: ServiceContext, token: string, provider: string | null): Promise<OidcIssuer[]> {
  const { issuer, audience } = issuerOfLogoutToken(token);
  const href = URL.parse(issuer)?.href;
  const issuers = provider === null ? instanceIssuers(ctx.settings) : [(await findIssuer(ctx, provider)) ?? []].flat();
  return issuers.filter((one) => URL.parse(one.issuer)?.href === href && audience.includes(one.clientId));
}

/**
 * Ends the sessions that an issuer's logout token names (OpenID Connect Back-Channel Logout 1.0).
 * @param provider the identity provider at whose URI it came; null is that of the installation's issuers
 * @throws `logout_token_invalid`, `oidc_issuer_unavailable`
 */
export async function endOidcSessions(
  ctx: ServiceContext,
  logoutToken: string,
  provider: string | null = null,
): Promise<void> {
  const issuers = await issuersOf(ctx, logoutToken, provider);
  if (issuers.length === 0) throw oidcErrors.logout_token_invalid({ field: ['logout_token'] });
  for (const issuer of issuers) await endSessionsByLogoutToken(ctx, issuer, logoutToken);
}
