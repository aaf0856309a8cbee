import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const shortest = 32;
const leastBits = 90;

const placeholders =
  /change.?(me|this|it)|replace.?(me|this)|your.?(own.?)?(super.?)?(secret|key)|secret.?key|super.?secret|my.?secret|place.?holder|example|insecure|default|password|development|tenon/i;

/** Shannon's entropy of the characters, in bits. It is low when there are few different ones. */
function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / text.length);
  return bits;
}

/** Whether the text repeats a shorter one. */
const repeats = (text: string): boolean => {
  const period = (text + text).indexOf(text.slice(0, Math.ceil(text.length / 2)), 1);
  return period <= text.length / 2 && text === text.slice(0, period).repeat(text.length).slice(0, text.length);
};

/** Whether most characters are next to their predecessor, as in `abcdef` or `123456`. */
function counts(text: string): boolean {
  let steps = 0;
  for (let at = 1; at < text.length; at++) {
    const step = text.charCodeAt(at) - text.charCodeAt(at - 1);
    if (Math.abs(step) <= 1) steps++;
  }
  return steps > text.length / 2;
}

/** What is wrong with a key that signs tokens, as the end of a sentence; null when it is strong. */
export function weakness(key: string): string | null {
  if (key.length < shortest) return `has ${key.length} characters`;
  if (placeholders.test(key)) return 'is a placeholder that others know';
  if (bitsOf(key) < leastBits || repeats(key) || counts(key)) return 'is not random enough';
  return null;
}

/** The secret of a development installation. The first start generates it and keeps it in a file, so that it survives a restart. */
export function keptSecret(dataDirectory: string, name: string, make: () => string): string {
  const file = join(dataDirectory, name);
  mkdirSync(dataDirectory, { recursive: true });
  try {
    // When two processes start for the first time at once, one writes the file and the other reads it.
    writeFileSync(file, make(), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return readFileSync(file, 'utf8').trim();
}

/** The key that signs the tokens of a development installation. */
export const keptSecretKey = (dataDirectory: string): string =>
  keptSecret(dataDirectory, 'secret-key', () => randomBytes(48).toString('base64url'));
