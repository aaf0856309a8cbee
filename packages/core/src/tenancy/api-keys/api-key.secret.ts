import { createHash, randomBytes } from 'node:crypto';

/** Every API key begins with this, and no other token does. */
export const apiKeyStart = 'sk_';

/** Makes a new key: a prefix that may be shown, then 32 random bytes that are secret. */
export function makeApiKey(): { prefix: string; secret: string } {
  const prefix = `${apiKeyStart}${randomBytes(4).toString('hex')}`;
  return { prefix, secret: `${prefix}_${randomBytes(32).toString('base64url')}` };
}

/**
 * Hashes a key for the database. Passwords need a slow hash, because people choose them and an attacker can guess them. Nobody
 * guesses 256 random bits, however fast a guess is, so one round of SHA-256 is as safe and costs a request almost nothing. The
 * lookup by hash leaks nothing through its time either: a caller cannot choose the hash that the database compares.
 */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');
