import { jwtVerify } from 'jose';
import type { z } from 'zod';
import type { ServiceContext } from '../../database/context.ts';
import { DomainError } from '../../kernel/errors.ts';
import { text } from '../../kernel/text.ts';
import { flowSecrets } from './flow.service.ts';
import { discover, type DiscoveredIssuer, type OidcIssuer } from './issuer.ts';
import { oidcErrors } from './oidc.errors.ts';
import type { OidcCallback } from './oidc.schema.ts';
import { oidcCallbackUrl, withParameters } from './redirect-target.ts';

/** No algorithm with a shared secret: whoever knows the secret could sign in as anybody. */
export const signatureAlgorithms = [
  'RS256',
  'PS256',
  'ES256',
  'EdDSA',
  'Ed25519',
  'RS384',
  'RS512',
  'PS384',
  'PS512',
  'ES384',
  'ES512',
];

/** A user and a session at an issuer (OpenID Connect Core 1.0, section 2), as text that the database can store. */
export const Subject = text(1, 255);
export const SessionAtIssuer = text(1, 255);

/** Reads a claim by its name or by its path: `realm_access.roles` is `roles` in `realm_access`. */
export function claimAt(claims: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** A person, authenticated by an issuer. */
export interface ProvenPerson {
  issuer: string;
  subject: string;
  /** The issuer's own session, if it names one. */
  sid: string | null;
  /** All claims about the person. */
  claims: Readonly<Record<string, unknown>>;
}

/** The issuer's answer that the browser brought back. */
export type AuthorizationAnswer = z.output<typeof OidcCallback>;

/** Whether the issuer was unreachable or failed itself, which says nothing about the person. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('status' in error && typeof error.status === 'number') return error.status >= 500;
  const code = 'code' in error ? error.code : null;
  if (code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT' || code === 'ERR_JWKS_TIMEOUT') return true;
  if (error.message === 'fetch failed') return true;
  return isOutage(error.cause);
}

function refused(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  return isOutage(error)
    ? oidcErrors.oidc_issuer_unavailable({ cause: error })
    : oidcErrors.oidc_rejected({ cause: error });
}

/**
 * Exchanges the code for an ID token, and verifies issuer, audience, time, nonce, and the signature with the issuer's published
 * keys. Claims that the token lacks come from the userinfo endpoint.
 * @throws `oidc_rejected`, `oidc_issuer_unavailable`
 */
export async function provePerson(
  ctx: ServiceContext,
  issuer: OidcIssuer,
  answer: AuthorizationAnswer,
): Promise<ProvenPerson> {
  const discovered = await discover(ctx.settings, ctx.clock.now(), issuer);
  return exchange(ctx, issuer, discovered, answer).catch((error: unknown) => {
    throw refused(error);
  });
}

async function exchange(
  ctx: ServiceContext,
  { id, clientId, roleClaim = null }: OidcIssuer,
  { configuration, keys }: DiscoveredIssuer,
  answer: AuthorizationAnswer,
): Promise<ProvenPerson> {
  const { nonce, codeVerifier } = flowSecrets(ctx.settings, answer.state);
  const { state, code, iss, error } = answer;
  const url = new URL(withParameters(oidcCallbackUrl(ctx.settings, id), { state, code, iss, error }));
  const { authorizationCodeGrant, fetchUserInfo } = await import('openid-client');
  const tokens = await authorizationCodeGrant(configuration, url, {
    expectedState: answer.state,
    expectedNonce: nonce,
    pkceCodeVerifier: codeVerifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (!claims || tokens.id_token === undefined) throw oidcErrors.oidc_rejected();
  // The library relies on TLS here. Verifying the signature also gives proof to a later investigation.
  await jwtVerify(tokens.id_token, keys, {
    algorithms: signatureAlgorithms,
    issuer: claims.iss,
    audience: clientId,
    clockTolerance: 30,
  });
  const { userinfo_endpoint: endpoint } = configuration.serverMetadata();
  const lacksClaim = claims['email'] === undefined || (roleClaim !== null && claimAt(claims, roleClaim) === undefined);
  const asksUserInfo = lacksClaim && endpoint !== undefined;
  const userInfo = asksUserInfo ? await fetchUserInfo(configuration, tokens.access_token, claims.sub) : {};
  return {
    issuer: claims.iss,
    subject: Subject.parse(claims.sub),
    sid: SessionAtIssuer.safeParse(claims['sid']).data ?? null,
    claims: { ...userInfo, ...claims },
  };
}
