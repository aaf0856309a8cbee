import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cannotWrite, makeFolder, StartError } from '@tenon/core/start';

const shortest = 32;
/** Of 32 random digits in hex, fewer bits occur once in 10 billion keys. */
const leastBits = 75;

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

/**
 * Whether most characters are next to their predecessor, as in `abcdef` or `123456`. Of random digits in hex, every second one is in one key
 * of 400,000, and three of four are in one of a million millions.
 */
function counts(text: string): boolean {
  let steps = 0;
  for (let at = 1; at < text.length; at++) {
    const step = text.charCodeAt(at) - text.charCodeAt(at - 1);
    if (Math.abs(step) <= 1) steps++;
  }
  return steps > text.length * 0.75;
}

/** What is wrong with a key that signs tokens, as the end of a sentence; null when it is strong. */
export function weakness(key: string): string | null {
  if (key.length < shortest) return `has ${key.length} characters`;
  if (placeholders.test(key)) return 'is a placeholder that others know';
  if (bitsOf(key) < leastBits || repeats(key) || counts(key)) return 'is not random enough';
  return null;
}

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST';

/** Writes a file unless it is there. It appears with its whole text, so that a process that starts at the same time reads all of it. */
function writeOnce(file: string, text: string): void {
  const unfinished = `${file}-${randomBytes(8).toString('hex')}`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' });
    linkSync(unfinished, file);
  } catch (error) {
    if (!isTaken(error)) throw error;
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/**
 * The secret of a development installation. The first start generates it and keeps it in a file, so that it survives a restart.
 * @throws StartError when the file cannot be written or is empty
 */
export function keptSecret(dataDirectory: string, name: string, make: () => string): string {
  const file = join(dataDirectory, name);
  makeFolder(dataDirectory);
  try {
    if (!existsSync(file)) writeOnce(file, make());
    const secret = readFileSync(file, 'utf8').trim();
    if (secret === '')
      throw new StartError(`The secret in ${file} is empty: restore the file, or delete it for a new secret.`);
    return secret;
  } catch (error) {
    return cannotWrite(file)(error);
  }
}

/** The key that signs the tokens of a development installation. */
export const keptSecretKey = (dataDirectory: string): string =>
  keptSecret(dataDirectory, 'secret-key', () => randomBytes(48).toString('base64url'));
