import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { jwtVerify } from 'jose';
import type { Caller, Store } from './store.ts';

interface Known extends Caller {
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

const mostTokens = 10_000;

/** The key with which the platform signs access tokens. */
const signingKey = (secret: string): KeyObject =>
  createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', 'tenon access-token', 32)));

/**
 * Makes a function that reads access tokens. As on the platform, the signature of a token is verified once. After that, the same text
 * is accepted until it expires.
 */
export function tokenReader(secret: string, issuer: string, store: Store): (token: string) => Promise<Caller | null> {
  const key = signingKey(secret);
  const known = new Map<string, Known>();

  const verify = async (token: string): Promise<Known | null> => {
    const options = { algorithms: ['HS256'], typ: 'at+jwt', audience: 'tenon', issuer };
    const { payload } = await jwtVerify(token, key, options);
    const { sub, exp } = payload;
    if (sub === undefined || exp === undefined) return null;
    const organizationId = await store.organizationOf(sub);
    return organizationId === null ? null : { userId: sub, organizationId, expiresAt: exp * 1000 };
  };

  return async (token) => {
    let caller = known.get(token) ?? null;
    if (!caller) {
      caller = await verify(token).catch(() => null);
      if (known.size >= mostTokens) known.clear();
      if (caller) known.set(token, caller);
    }
    return caller && caller.expiresAt > Date.now() ? caller : null;
  };
}
