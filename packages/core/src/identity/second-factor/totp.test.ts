import { describe, expect, it } from 'vitest';
import { enrolmentOf, newTotpSecret, stepOfCode, totpCodeAt } from './totp.ts';

/** RFC 6238, appendix B, with SHA-1; six digits are the last six of eight. */
const vectors = [
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
] as const;

const secret = Buffer.from('12345678901234567890');
const at = (seconds: number) => new Date(seconds * 1000);

describe('a code', () => {
  it.each(vectors)('at %i seconds matches the standard', (seconds, code) => {
    expect(totpCodeAt(secret, at(seconds))).toBe(code.slice(-6));
    expect(stepOfCode(secret, code.slice(-6), at(seconds), null)).toBe(Math.floor(seconds / 30));
  });

  const now = at(1_800_000_015);
  const step = 60_000_000;

  it.each([
    [-2, null],
    [-1, step - 1],
    [0, step],
    [1, step + 1],
    [2, null],
  ])('%i steps from now has the step %s', (steps, expected) => {
    expect(stepOfCode(secret, totpCodeAt(secret, at(1_800_000_015 + steps * 30)), now, null)).toBe(expected);
  });

  it('is accepted once, and then no earlier code is', () => {
    const [before, present, after] = [-30, 0, 30].map((offset) => totpCodeAt(secret, at(1_800_000_015 + offset)));
    expect(stepOfCode(secret, present ?? '', now, step)).toBeNull();
    expect(stepOfCode(secret, before ?? '', now, step)).toBeNull();
    expect(stepOfCode(secret, after ?? '', now, step)).toBe(step + 1);
  });

  it.each(['', '00000', '0000000', '00000a', totpCodeAt(newTotpSecret(), now)])('may not be %j', (code) => {
    expect(stepOfCode(secret, code, now, null)).toBeNull();
  });
});

describe('the enrolment in an app', () => {
  const { secret: text, uri } = enrolmentOf('https://tenon.example.com:8443/app', 'ada+work@example.com', secret);

  it('contains the secret in base32, and a URI that apps understand', () => {
    expect(text).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    expect(uri).toMatch(/^otpauth:\/\/totp\/Tenon%20\(tenon\.example\.com\):ada%2Bwork%40example\.com\?/);
    expect(Object.fromEntries(new URL(uri).searchParams)).toEqual({
      issuer: 'Tenon (tenon.example.com)',
      algorithm: 'SHA1',
      secret: text,
      period: '30',
      digits: '6',
    });
    expect(uri).not.toContain('+');
  });
});
