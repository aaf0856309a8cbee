import { errors } from '../kernel/errors.ts';
import type { CoreSettings } from '../kernel/settings.ts';
import { commonPasswords } from './common-passwords.ts';

/** For argon2id, which is the default algorithm of the library: 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** The hash of a password that nobody knows. Verifying against it takes as long as verifying against a real hash. */
const decoyHash = '$argon2id$v=19$m=19456,t=2,p=1$eKWk2+cUptHif9GZCUooxQ$R0+Gf4lIbgJge4IZnfcb//isj3TZUbOQ30LnV+EDahw';

const isBcrypt = (hash: string): boolean => /^\$2[abxy]\$/.test(hash);

/**
 * The form of a password that is hashed: composed (NFC), with ASCII spaces. Keyboards write é or a space in different ways, and all of
 * them are one password (OpaqueString of RFC 8265, NIST 800-63B).
 */
const enforced = (password: string): string => password.replaceAll(/\p{Zs}/gu, ' ').normalize('NFC');

// The native libraries take 10 MB, so they are loaded with the first password.
const argon2 = () => import('@node-rs/argon2');
const bcrypt = () => import('@node-rs/bcrypt');

/** Takes about 10 ms, off the event loop. Never call it inside a transaction. */
export async function hashPassword(password: string): Promise<string> {
  const { hash } = await argon2();
  return hash(enforced(password), parameters);
}

/** Whether the password matches the hash. Without a hash it takes the same time and answers false. */
export async function verifyPassword(hash: string | null, password: string): Promise<boolean> {
  const secret = enforced(password);
  // The system that an imported hash comes from may have hashed the password as it was typed.
  if (hash !== null && isBcrypt(hash)) {
    const { verify } = await bcrypt();
    return (await verify(secret, hash)) || (secret !== password && verify(password, hash));
  }
  const { verify } = await argon2();
  const matches = await verify(hash ?? decoyHash, secret);
  return hash !== null && matches;
}

/** Whether a hash is weaker than, or different from, those of new passwords. The next login then replaces it. */
export function needsRehash(hash: string): boolean {
  const [, memoryCost, timeCost] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),/.exec(hash) ?? [];
  return !(Number(memoryCost) >= parameters.memoryCost && Number(timeCost) >= parameters.timeCost);
}

/**
 * Checks a new password. The input schema limits its length.
 * @param owner the names that the password must not repeat
 * @param field the input field that contains the password
 * @throws `validation_failed` at the field when it is too short, too common, or the address or username of the owner
 */
export function checkPasswordPolicy(
  settings: CoreSettings,
  password: string,
  owner: { email: string; username: string | null },
  field = 'password',
): void {
  const refuse = (message: string) => errors.validation_failed({ field: [field], message });
  const { passwordMinLength } = settings;
  // Count code points, so that an emoji is one character.
  if (Array.from(enforced(password)).length < passwordMinLength)
    throw refuse(`A password has at least ${passwordMinLength} characters.`);
  const lowered = enforced(password).toLowerCase();
  const email = owner.email.toLowerCase();
  if (lowered === email || lowered === email.split('@')[0])
    throw refuse('The password must not be the e-mail address.');
  if (lowered === owner.username?.toLowerCase()) throw refuse('The password must not be the username.');
  if (commonPasswords.has(lowered) || new Set(lowered).size === 1)
    throw refuse('This is one of the commonest passwords: choose another one.');
}
