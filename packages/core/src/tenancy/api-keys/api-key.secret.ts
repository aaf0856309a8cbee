import { createHash, randomBytes } from 'node:crypto';

/** Every key begins with this, and no other credential does. */
export const apiKeyStart = 'sk_';

/** Makes a new key: a prefix that may be shown, and 32 random bytes that may not. */
export function makeApiKey(): { prefix: string; secret: string } {
  const prefix = `${apiKeyStart}${randomBytes(4).toString('hex')}`;
  return { prefix, secret: `${prefix}_${randomBytes(32).toString('base64url')}` };
}

/**
 * Hashes a key for storage. Passwords need a slow hash because people choose them and a thief can guess them. Nobody can guess
 * 256 random bits, so one round of SHA-256 is as safe here and adds no noticeable time to a request. Looking a key up by its hash
 * leaks nothing through timing either, because a caller cannot control the hash.
 */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');
