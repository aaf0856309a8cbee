import type { Configuration } from 'openid-client';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor, writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { findRow } from '../../database/rows.ts';
import type { Row } from '../../database/schema.ts';
import type { CoreSettings } from '../../kernel/settings.ts';
import { mac } from '../keys.ts';
import { hashOf, newSecret } from '../secret.ts';
import { addressBudgets, attempt } from '../throttle.ts';
import type { OidcTransport } from '../transport.ts';
import { discover, type OidcIssuer } from './issuer.ts';
import { OidcFlowEntity } from './oidc.entity.ts';
import { oidcErrors } from './oidc.errors.ts';
import type { OidcStart, OidcStarted } from './oidc.schema.ts';
import { oidcCallbackUrl, redirectTarget } from './redirect-target.ts';

/** How long a sign-in at the issuer may take, in seconds. */
const lifetimeSeconds = 600;

/** The name of a cookie. Each sign-in has its own, so that sign-ins in several tabs do not overwrite each other. */
const nameOf = (stateHash: string): string => stateHash.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 12);

/** The secrets of a sign-in that only this server and the issuer's answer know. They are derived from the state, not stored. */
export const flowSecrets = (settings: CoreSettings, state: string) => ({
  nonce: mac(settings, 'oidc', `nonce ${state}`).toString('base64url'),
  codeVerifier: mac(settings, 'oidc', `verifier ${state}`).toString('base64url'),
});

/** A started sign-in. */
export type OidcFlow = Row<typeof OidcFlowEntity>;

/** Returns the PKCE challenge for a verifier, by the method S256. */
async function challengeOf(codeVerifier: string): Promise<string> {
  const { calculatePKCECodeChallenge } = await import('openid-client');
  return calculatePKCECodeChallenge(codeVerifier);
}

/** Where to send the browser. The issuer's metadata may be invalid. @throws `oidc_issuer_unavailable` */
async function authorizationUrl(configuration: Configuration, parameters: Record<string, string>): Promise<string> {
  const { buildAuthorizationUrl } = await import('openid-client');
  try {
    return buildAuthorizationUrl(configuration, parameters).href;
  } catch (cause) {
    throw oidcErrors.oidc_issuer_unavailable({ cause });
  }
}

/**
 * Starts a sign-in at an issuer, and binds it to the client that started it: by a cookie, or by a secret in the answer.
 * @param sessionId the session of a user who links an identity instead of signing in
 * @throws `validation_failed` at `redirectTo`, `oidc_issuer_unavailable`, `rate_limited`
 */
export async function beginFlow(
  ctx: ServiceContext,
  issuer: OidcIssuer,
  input: Omit<OidcStart, 'issuer'>,
  transport: OidcTransport,
  sessionId: string | null = null,
): Promise<OidcStarted> {
  const { settings, clock } = ctx;
  const inBody = input.tokenTransport === 'body';
  const redirectTo = redirectTarget(settings, input.redirectTo, { loopbackToo: inBody });
  await attempt(ctx, addressBudgets(ctx, 'oidc'));
  const { configuration } = await discover(settings, clock.now(), issuer);
  const [state, binding] = [newSecret(), newSecret()];
  const { nonce, codeVerifier } = flowSecrets(settings, state);
  const url = await authorizationUrl(configuration, {
    redirect_uri: oidcCallbackUrl(settings, issuer.id),
    scope: issuer.scopes.join(' '),
    state,
    nonce,
    code_challenge: await challengeOf(codeVerifier),
    code_challenge_method: 'S256',
  });
  const stateHash = hashOf(state);
  await writeThroughIdentityDoor(ctx, (unit) =>
    unit.insert(OidcFlowEntity, {
      stateHash,
      bindingHash: hashOf(binding),
      issuerRef: issuer.id,
      redirectTo,
      transport: input.tokenTransport,
      deviceId: input.deviceId ?? null,
      sessionId,
      createdAt: unit.now,
      expiresAt: new Date(unit.now.getTime() + lifetimeSeconds * 1000),
    }),
  );
  if (!inBody) transport.setOidcBinding(nameOf(stateHash), binding);
  return { authorizationUrl: url, expiresIn: lifetimeSeconds, ...(inBody ? { binding } : {}) };
}

/**
 * Finds the sign-in of a state without consuming it.
 * @throws `oidc_state_invalid`
 */
export async function findFlow(ctx: ServiceContext, state: string): Promise<OidcFlow> {
  const flow = await readThroughIdentityDoor(ctx.database, (db) =>
    findRow(db, OidcFlowEntity, { stateHash: hashOf(state) }),
  );
  if (!flow || Date.parse(flow.expiresAt) <= ctx.clock.now().getTime())
    throw oidcErrors.oidc_state_invalid({ field: ['state'] });
  return flow;
}

/** Reads and clears the cookie that binds the sign-in of a state to this browser. */
export function takeBinding(state: string, transport: OidcTransport): string | null {
  const name = nameOf(hashOf(state));
  const binding = transport.oidcBinding(name);
  if (binding !== null) transport.setOidcBinding(name, null);
  return binding;
}

/**
 * Consumes a sign-in, so that its state works once. A wrong binding finds nothing, and leaves the sign-in unchanged.
 * @throws `oidc_state_invalid`
 */
export async function takeFlow(ctx: ServiceContext, state: string, binding: string | null): Promise<OidcFlow> {
  const flow = await findFlow(ctx, state);
  const match = { stateHash: hashOf(state), bindingHash: hashOf(binding ?? '') };
  const taken = await writeThroughIdentityDoor(ctx, (unit) => unit.delete(OidcFlowEntity, match));
  if (taken === 0) throw oidcErrors.oidc_state_invalid({ field: ['state'] });
  return flow;
}
