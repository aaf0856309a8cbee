import { hash as argon2, parseOptions, verify as verifyArgon2 } from '@node-rs/argon2';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { describe, expect, it, vi } from 'vitest';
import { commonPasswords } from './common-passwords.ts';
import { checkPasswordPolicy, hashPassword, needsRehash, verifyPassword } from './passwords.ts';

// The real functions, with calls counted: time is not reliable on a busy machine.
vi.mock('@node-rs/argon2', { spy: true });

const settings = { passwordMinLength: 8 } as Parameters<typeof checkPasswordPolicy>[0];
const owner = { email: 'Anna.Smith@example.com', username: 'annasmith' };
const refusalOf = (password: string, of = owner) => {
  try {
    checkPasswordPolicy(settings, password, of);
    return null;
  } catch (error) {
    return error;
  }
};

describe('hashing', () => {
  it('is argon2id with 19 MiB, two passes and one lane, salted', async () => {
    const [one, two] = await Promise.all([hashPassword('secret words'), hashPassword('secret words')]);

    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
    expect(await verifyPassword(one, 'secret words')).toBe(true);
    expect(await verifyPassword(one, 'secret wordS')).toBe(false);
  });

  it('verifies imported bcrypt hashes', async () => {
    const hash = await bcrypt('secret words', { cost: 4 });

    expect(await verifyPassword(hash, 'secret words')).toBe(true);
    expect(await verifyPassword(hash, 'other words')).toBe(false);
    expect(needsRehash(hash)).toBe(true);
  });

  it.each([
    ['composed and decomposed letters', 'caf\u00e9 \u1ec7 \uac00 words', 'cafe\u0301 e\u0323\u0302 \u1100\u1161 words'],
    ['spaces of all kinds', 'secret words here', 'secret\u00a0words\u3000here'],
  ])('takes %s for the same', async (_, one, other) => {
    const [first, second] = await Promise.all([hashPassword(one), hashPassword(other)]);

    expect(await verifyPassword(first, other)).toBe(true);
    expect(await verifyPassword(second, one)).toBe(true);
    // Widths, cases and other compatible characters are part of the secret (RFC 8265).
    expect(await verifyPassword(first, one.replace('words', '\uff57ords'))).toBe(false);
    expect(await verifyPassword(first, one.toUpperCase())).toBe(false);
  });

  it('verifies an imported hash of a password in either form', async () => {
    for (const stored of ['cafe\u0301 words', 'caf\u00e9 words']) {
      const hash = await bcrypt(stored, { cost: 4 });
      expect(await verifyPassword(hash, stored)).toBe(true);
    }
    expect(await verifyPassword(await bcrypt('caf\u00e9 words', { cost: 4 }), 'cafe\u0301 words')).toBe(true);
  });

  it('answers false without a hash, after the same work', async () => {
    const [known, verify] = [await hashPassword('secret words'), vi.mocked(verifyArgon2)];
    verify.mockClear();

    expect(await verifyPassword(null, 'secret words')).toBe(false);

    const costs = (hash: string) => parseOptions(hash);
    expect(verify).toHaveBeenCalledExactlyOnceWith(expect.any(String), 'secret words');
    expect(costs(String(verify.mock.calls[0]?.[0]))).toEqual(costs(known));
  });

  it('asks for a new hash when the parameters are weaker', async () => {
    expect(needsRehash(await argon2('x', { memoryCost: 8192, timeCost: 2, parallelism: 1 }))).toBe(true);
    expect(needsRehash(await argon2('x', { memoryCost: 19_456, timeCost: 1, parallelism: 1 }))).toBe(true);
    expect(needsRehash(await hashPassword('x'))).toBe(false);
  });
});

describe('policy', () => {
  it.each([
    ['short', 'seven77'],
    ['the address', 'anna.smith@EXAMPLE.com'],
    ['the name in the address', 'Anna.Smith'],
    ['the username', 'AnnaSmith'],
    ['common', 'Password1'],
    ['one character over and over', 'zzzzzzzzzzzz'],
  ])('refuses what is %s', (_, password) => {
    expect(refusalOf(password)).toMatchObject({ code: 'validation_failed', details: { field: ['password'] } });
  });

  it('counts characters, not code units', () => {
    expect(refusalOf('🐴🔋🐴🔋')).not.toBeNull();
    expect(refusalOf('🐴🔋📎🐴🔋📎🐴🔋')).toBeNull();
  });

  it('judges the form that is hashed', () => {
    expect(refusalOf('\u1100\u1161'.repeat(4))).not.toBeNull();
    expect(refusalOf('secret\u00a0words', { email: 'secret words', username: 'anna' })).not.toBeNull();
  });

  it('accepts other passwords', () => {
    expect(refusalOf('eight888')).toBeNull();
    expect(refusalOf('annasmith', { email: 'anna@example.com', username: 'anna' })).toBeNull();
  });

  it('compares with the blocklist in lower case', () => {
    for (const password of commonPasswords) expect(password).toBe(password.toLowerCase());
  });
});
