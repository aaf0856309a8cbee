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

  it('accepts other passwords', () => {
    expect(refusalOf('eight888')).toBeNull();
    expect(refusalOf('annasmith', { email: 'anna@example.com', username: 'anna' })).toBeNull();
  });

  it('compares with the blocklist in lower case', () => {
    for (const password of commonPasswords) expect(password).toBe(password.toLowerCase());
  });
});
