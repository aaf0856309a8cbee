import { randomBytes } from 'node:crypto';
import { keptSecret } from './secret-key.ts';

const length = 32;

/** Of 32 random bytes at least 24 are different, except in one key in millions. */
const fewestDifferent = 20;

const isPrintable = (byte: number): boolean => byte >= 0x20 && byte <= 0x7e;

/** The keys in the variable. The first one encrypts; all of them decrypt. */
export const encryptionKeysOf = (text: string): string[] => text.split(',').map((key) => key.trim());

/** What is wrong with one key, as the end of a sentence; null when it is good. */
function problemOfKey(key: string, production: boolean): string | null {
  if (!/^[\w+/-]*=*$/.test(key)) return 'is not base64';
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length !== length) return `has ${bytes.length} bytes`;
  if (!production) return null;
  if (bytes.every(isPrintable)) return 'is text instead of random bytes';
  const steps = bytes.filter((byte, index) => Math.abs(byte - (bytes[index - 1] ?? 0)) <= 1).length;
  return new Set(bytes).size < fewestDifferent || steps > length / 2 ? 'is not random enough' : null;
}

/** What is wrong with ENCRYPTION_KEY, as the end of a sentence; null when it is good. Development needs none. */
export function encryptionKeyProblem(text: string | undefined, production: boolean): string | null {
  if (text === undefined) return production ? 'is missing' : null;
  for (const [index, key] of encryptionKeysOf(text).entries()) {
    const problem = problemOfKey(key, production);
    if (problem) return index === 0 ? problem : `${problem} as its key ${index + 1}`;
  }
  return null;
}

/** The key that a development installation generates and keeps. */
export const keptEncryptionKey = (dataDirectory: string): string =>
  keptSecret(dataDirectory, 'encryption-key', () => randomBytes(length).toString('base64'));
