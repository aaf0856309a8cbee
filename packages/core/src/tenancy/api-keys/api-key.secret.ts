import { createHash, randomBytes } from 'node:crypto';

/** How every key begins, and nothing else that signs a request does. */
export const apiKeyStart = 'sk_';

/** A new key: a prefix that may be shown, and 32 random bytes that may not. */
export function makeApiKey(): { prefix: string; secret: string } {
  const prefix = `${apiKeyStart}${randomBytes(4).toString('hex')}`;
  return { prefix, secret: `${prefix}_${randomBytes(32).toString('base64url')}` };
}

/**
 * What is stored of a key. Passwords are hashed slowly because people choose them, and a thief can guess them; nobody guesses
 * 256 random bits, however fast each guess is, so one round of SHA-256 is as good here, and costs a request nothing. Being
 * looked up by the hash also tells no time: what a caller can vary is not what is compared.
 */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');
