import { createHash, randomBytes } from 'node:crypto';

/** A token that nobody can guess: 256 random bits, base64url. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** What is stored of a secret: its SHA-256, base64url. A fast hash is enough for 256 random bits. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');
