import { jwtVerify, SignJWT } from 'jose';
import { fromBase64url } from '../kernel/base64url.ts';
import { errors } from '../kernel/errors.ts';
import { isUuid } from '../kernel/ids.ts';
import { onePer } from '../kernel/per.ts';
import type { CoreSettings } from '../kernel/settings.ts';
import { keyFor } from './keys.ts';

/** What an access token says. Only the database knows whether the session is still active. */
export interface AccessClaims {
  userId: string;
  sessionId: string;
}

const algorithm = 'HS256';
const type = 'at+jwt';
const audience = 'tenon';

/** How far the clocks of two servers may differ. */
const clockSkewSeconds = 60;

/** How long an access token is valid, in seconds. */
export const accessTokenLifetime = (settings: CoreSettings): number => settings.accessTokenMinutes * 60;

/** Signs an access token for a session, valid from `now` for `accessTokenMinutes`. */
export function signAccessToken(
  settings: CoreSettings,
  now: Date,
  { userId, sessionId }: AccessClaims,
): Promise<string> {
  const issuedAt = Math.floor(now.getTime() / 1000);
  return new SignJWT({
    iss: settings.publicUrl,
    aud: audience,
    sub: userId,
    sid: sessionId,
    iat: issuedAt,
    exp: issuedAt + accessTokenLifetime(settings),
  })
    .setProtectedHeader({ alg: algorithm, typ: type })
    .sign(keyFor(settings, 'access-token'));
}

interface Verified extends AccessClaims {
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** Tokens that this process has verified: the same text needs no second verification. */
const verifiedTokens = onePer<CoreSettings, Map<string, Verified>>(() => new Map());
const verifiedLimit = 10_000;

/**
 * Reads an access token. Nothing in the token chooses the key or the algorithm.
 * @throws `unauthenticated` unless this installation signed it and it has not expired
 */
export async function verifyAccessToken(settings: CoreSettings, now: Date, token: string): Promise<AccessClaims> {
  const known = verifiedTokens(settings);
  let claims = known.get(token);
  if (!claims) {
    claims = await verify(settings, now, token);
    if (known.size >= verifiedLimit) known.clear();
    known.set(token, claims);
  }
  if (claims.expiresAt <= now.getTime()) {
    known.delete(token);
    throw errors.unauthenticated();
  }
  return claims;
}

async function verify(settings: CoreSettings, now: Date, token: string): Promise<Verified> {
  // The signature covers the text of the other parts. Only its own text could be spelled in another way.
  if (!fromBase64url(token.slice(token.lastIndexOf('.') + 1))) throw errors.unauthenticated();
  const { payload, protectedHeader } = await jwtVerify(token, keyFor(settings, 'access-token'), {
    algorithms: [algorithm],
    typ: type,
    issuer: settings.publicUrl,
    audience,
    currentDate: now,
    requiredClaims: ['sub', 'sid', 'iat', 'exp'],
  }).catch((cause: unknown) => {
    throw errors.unauthenticated({ cause });
  });
  const { sub, sid, exp, iat } = payload;
  // We never write other headers or a future issue time, so such a token is an attack.
  if (Object.keys(protectedHeader).some((name) => name !== 'alg' && name !== 'typ')) throw errors.unauthenticated();
  if (iat === undefined || iat > now.getTime() / 1000 + clockSkewSeconds) throw errors.unauthenticated();
  if (typeof sub !== 'string' || !isUuid(sub) || typeof sid !== 'string' || !isUuid(sid) || exp === undefined)
    throw errors.unauthenticated();
  return { userId: sub, sessionId: sid, expiresAt: exp * 1000 };
}
