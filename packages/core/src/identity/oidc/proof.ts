import { jwtVerify } from 'jose';
import { authorizationCodeGrant, fetchUserInfo } from 'openid-client';
import type { ServiceContext } from '../../database/context.ts';
import { DomainError } from '../../kernel/errors.ts';
import { flowSecrets } from './flow.service.ts';
import { discover, type DiscoveredIssuer, type OidcIssuer } from './issuer.ts';
import { oidcErrors } from './oidc.errors.ts';
import { oidcCallbackUrl, withParameters } from './redirect-target.ts';

/** Never a shared secret: whoever knows that would be able to be anybody. */
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

/** Whom an issuer has proven. */
export interface ProvenPerson {
  issuer: string;
  subject: string;
  /** The issuer's own session, when it names one. */
  sid: string | null;
  /** Everything that it says of them. */
  claims: Readonly<Record<string, unknown>>;
}

/** The issuer's answer as it came with the browser. */
export interface AuthorizationAnswer {
  state: string;
  code?: string | undefined;
  /** The issuer, by RFC 9207. */
  iss?: string | undefined;
  /** In place of a code. */
  error?: string | undefined;
}

/** Failures of the way to the issuer, and what it says when it fails itself: they prove nothing about anybody. */
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
 * Exchanges the code for an ID token, and verifies that: issuer, audience, time, nonce, and the signature by the issuer's published
 * keys. What it does not say of the person, its userinfo endpoint may.
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
  { clientId }: OidcIssuer,
  { configuration, keys }: DiscoveredIssuer,
  answer: AuthorizationAnswer,
): Promise<ProvenPerson> {
  const { nonce, codeVerifier } = flowSecrets(ctx.settings, answer.state);
  const { state, code, iss, error } = answer;
  const url = new URL(withParameters(oidcCallbackUrl(ctx.settings), { state, code, iss, error }));
  const tokens = await authorizationCodeGrant(configuration, url, {
    expectedState: answer.state,
    expectedNonce: nonce,
    pkceCodeVerifier: codeVerifier,
    idTokenExpected: true,
  });
  const said = tokens.claims();
  if (!said || tokens.id_token === undefined) throw oidcErrors.oidc_rejected();
  // The library relies on TLS here; a signature also proves it to whoever looks into this later.
  await jwtVerify(tokens.id_token, keys, {
    algorithms: signatureAlgorithms,
    issuer: said.iss,
    audience: clientId,
    clockTolerance: 30,
  });
  const { userinfo_endpoint: userinfo } = configuration.serverMetadata();
  const more =
    said['email'] === undefined && userinfo !== undefined
      ? await fetchUserInfo(configuration, tokens.access_token, said.sub)
      : {};
  const sid = said['sid'];
  return {
    issuer: said.iss,
    subject: said.sub,
    sid: typeof sid === 'string' ? sid : null,
    claims: { ...more, ...said },
  };
}
