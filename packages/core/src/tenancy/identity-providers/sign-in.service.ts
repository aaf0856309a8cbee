import type { ServiceContext } from '../../database/context.ts';
import { isUniqueViolation } from '../../database/failures.ts';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import {
  type AuthorizationAnswer,
  beginFlow,
  endSessionsByLogoutToken,
  findFlow,
  getUser,
  instanceIssuers,
  issuerOfLogoutToken,
  logout,
  oidcErrors,
  type OidcFinish,
  type OidcFlow,
  type OidcIssuer,
  type OidcIssuerList,
  type OidcLoggedOut,
  type OidcLogout,
  type OidcStart,
  type OidcStarted,
  type OidcTransport,
  openSessionOfPerson,
  provePerson,
  redirectTarget,
  type SignedIn,
  signedIn,
  type SignInTransport,
  signOutUrl,
  takeBinding,
  takeFlow,
  userOfPerson,
  withParameters,
} from '../../identity/index.ts';
import { DomainError } from '../../kernel/errors.ts';
import { onlyOrganizationOf } from '../auth.service.ts';

/** The issuers at which anybody may sign in. */
export async function listOidcIssuers(ctx: ServiceContext): Promise<OidcIssuerList> {
  return { data: instanceIssuers(ctx.settings).map(({ id, name, issuer }) => ({ id, name, issuer })) };
}

async function findIssuer(ctx: ServiceContext, id: string): Promise<OidcIssuer | null> {
  return instanceIssuers(ctx.settings).find((issuer) => issuer.id === id) ?? null;
}

/** @throws `oidc_issuer_not_found` */
async function getIssuer(ctx: ServiceContext, id: string): Promise<OidcIssuer> {
  const issuer = await findIssuer(ctx, id);
  if (!issuer) throw oidcErrors.oidc_issuer_not_found();
  return issuer;
}

/**
 * Begins a sign-in at an issuer.
 * @throws `oidc_issuer_not_found`, `oidc_issuer_unavailable`, `rate_limited`, `validation_failed` at `redirectTo`
 */
export async function startOidc(ctx: ServiceContext, input: OidcStart, transport: OidcTransport): Promise<OidcStarted> {
  return beginFlow(ctx, await getIssuer(ctx, input.issuer), input, transport);
}

/** Finishes a sign-in that was taken: proves the person, finds or makes their account, opens a session. */
async function finish(
  ctx: ServiceContext,
  flow: OidcFlow,
  answer: AuthorizationAnswer,
  transport: SignInTransport,
): Promise<SignedIn> {
  const issuer = await getIssuer(ctx, flow.issuerRef);
  const person = await provePerson(ctx, issuer, answer);
  const enter = () =>
    writeThroughIdentityDoor(ctx, async (unit) => {
      const userId = await userOfPerson(unit, person);
      const organizationId = await onlyOrganizationOf(unit.db, userId);
      const wanted = { userId, deviceId: flow.deviceId, organizationId };
      const session = await openSessionOfPerson(unit, issuer, person, wanted, transport);
      return { session, user: await getUser(unit.db, userId) };
    });
  const { session, user } = await enter().catch((error: unknown) => {
    // Somebody signed in for the first time in two places at once: now they are known.
    if (isUniqueViolation(error)) return enter();
    throw error;
  });
  return signedIn(ctx, session, user, flow.transport, transport);
}

/**
 * Finishes a sign-in of a client that keeps its secrets itself.
 * @throws `oidc_state_invalid`, `oidc_rejected`, `oidc_issuer_unavailable`, `oidc_email_not_verified`, `oidc_account_exists`,
 * `user_inactive`, `oidc_issuer_not_found`
 */
export async function finishOidc(
  ctx: ServiceContext,
  { binding, ...answer }: OidcFinish,
  transport: SignInTransport,
): Promise<SignedIn> {
  const flow = await takeFlow(ctx, answer.state, binding);
  if (flow.transport !== 'body') throw oidcErrors.oidc_state_invalid({ field: ['state'] });
  return finish(ctx, flow, answer, transport);
}

/**
 * Takes the issuer's answer as the browser brings it, and says where the browser goes: back to the page that began, signed in by
 * cookie, or with what `auth.finishOidc` needs, or with `error`, the code of what went wrong.
 * @throws `oidc_state_invalid` when this browser began no such sign-in
 */
export async function answerOidc(
  ctx: ServiceContext,
  answer: AuthorizationAnswer,
  transport: OidcTransport,
): Promise<string> {
  const { redirectTo, transport: by } = await findFlow(ctx, answer.state);
  // Whoever holds the binding finishes it: the answer alone opens nothing.
  if (by === 'body') return withParameters(redirectTo, { ...answer });
  const flow = await takeFlow(ctx, answer.state, takeBinding(answer.state, transport));
  try {
    await finish(ctx, flow, answer, transport);
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

/** The issuers of that name whose client the token is for. */
async function issuersOf(ctx: ServiceContext, token: string): Promise<OidcIssuer[]> {
  const { issuer, audience } = issuerOfLogoutToken(token);
  const href = URL.parse(issuer)?.href;
  return instanceIssuers(ctx.settings).filter(
    (one) => URL.parse(one.issuer)?.href === href && audience.includes(one.clientId),
  );
}

/**
 * Ends the sessions that an issuer's logout token names (OpenID Connect Back-Channel Logout 1.0).
 * @throws `logout_token_invalid`, `oidc_issuer_unavailable`
 */
export async function endOidcSessions(ctx: ServiceContext, logoutToken: string): Promise<void> {
  const issuers = await issuersOf(ctx, logoutToken);
  if (issuers.length === 0) throw oidcErrors.logout_token_invalid();
  for (const issuer of issuers) await endSessionsByLogoutToken(ctx, issuer, logoutToken);
}
