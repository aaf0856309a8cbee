import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { uuidv7 } from '../kernel/ids.ts';
import { respell } from '../testing/respell.ts';
import { tokenSettings as settings } from '../testing/settings.ts';
import { signAccessToken, verifyAccessToken } from './access-token.ts';
import { keyFor } from './keys.ts';

const now = new Date('2026-03-01T12:00:00.000Z');
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const claims = { userId: uuidv7(), sessionId: uuidv7() };
const payload = {
  iss: settings.publicUrl,
  aud: 'tenon',
  sub: claims.userId,
  sid: claims.sessionId,
  iat: now.getTime() / 1000,
  exp: now.getTime() / 1000 + 60,
};
const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const signedWith = (header: object, body: object, key: Parameters<typeof createHmac>[1]) => {
  const text = `${json(header)}.${json(body)}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
};
const key = keyFor(settings, 'access-token');
const header = { alg: 'HS256', typ: 'at+jwt' };
const expectRefused = (token: string, at = now) =>
  expect(verifyAccessToken(settings, at, token)).rejects.toMatchObject({ code: 'unauthenticated' });

describe('access tokens', () => {
  it('contain user and session, and are valid as long as the setting says', async () => {
    const token = await signAccessToken(settings, now, claims);

    expect(await verifyAccessToken(settings, now, token)).toMatchObject(claims);
    expect(await verifyAccessToken(settings, later(20 * 60 - 1), token)).toMatchObject(claims);
    await expectRefused(token, later(20 * 60));
    // The expiry is also checked for a token that was verified before.
    await expectRefused(token, later(20 * 60 + 1));
  });

  it('are accepted when forged with the right key and content', async () => {
    expect(await verifyAccessToken(settings, now, signedWith(header, payload, key))).toMatchObject(claims);
  });

  it.each([
    { kid: 'unknown' },
    { kid: '../../dev/null' },
    { jku: 'https://evil.example' },
    { x5u: 'https://evil.example' },
  ])('let nothing in the token choose a key: %j', async (more) => {
    for (const by of [key, Buffer.alloc(0)]) await expectRefused(signedWith({ ...header, ...more }, payload, by));
  });

  it('are refused without a signature, under another algorithm, and under another key', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwt = (alg: string) => new SignJWT(payload).setProtectedHeader({ alg, typ: 'at+jwt' });

    await expectRefused(`${json({ ...header, alg: 'none' })}.${json(payload)}.`);
    await expectRefused(`${json({ ...header, alg: 'None' })}.${json(payload)}.`);
    await expectRefused(await jwt('HS512').sign(new TextEncoder().encode('x'.repeat(64))));
    await expectRefused(await jwt('RS256').sign(privateKey));
    await expectRefused(signedWith(header, payload, 'another-secret-key-0123456789abcdefgh'));
    await expectRefused(signedWith(header, payload, settings.secretKey));
    await expectRefused(signedWith(header, payload, keyFor(settings, 'refresh-token')));
    await expectRefused(signedWith({ ...header, crit: ['exp'] }, payload, key));
  });

  it.each([
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'other' }],
    ['no end', { exp: undefined }],
    ['an end that is no number', { exp: 'never' }],
    ['an end in the past', { exp: now.getTime() / 1000 - 1 }],
    ['no session', { sid: undefined }],
    ['a session that is no id', { sid: "' or 1=1 --" }],
    ['no user', { sub: undefined }],
    ['a user that is no id', { sub: "' or 1=1 --" }],
    ['a beginning in the future', { nbf: now.getTime() / 1000 + 60 }],
    ['an issue in the future', { iat: now.getTime() / 1000 + 61 }],
  ])('are refused with %s', async (_, change) => {
    await expectRefused(signedWith(header, { ...payload, ...change }, key));
  });

  it('are refused when they are another kind of token, changed by a letter, or not a token', async () => {
    const token = await signAccessToken(settings, now, claims);
    const [first = '', second = '', signature = ''] = token.split('.');

    await expectRefused(signedWith({ alg: 'HS256' }, payload, key));
    await expectRefused(signedWith({ alg: 'HS256', typ: 'JWT' }, payload, key));
    await expectRefused(`${first}.${json({ ...payload, sub: uuidv7() })}.${signature}`);
    await expectRefused(`${first}.${second}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`);
    for (const nonsense of ['', '.', '..', 'a.b.c', `${first}.${second}`, '💣.💣.💣']) await expectRefused(nonsense);
  });

  it('are refused in any other spelling', async () => {
    for (let index = 0; index < 20; index += 1) {
      const token = await signAccessToken(settings, later(index), claims);
      expect(await verifyAccessToken(settings, later(index), token)).toMatchObject(claims);
      const signature = token.slice(token.lastIndexOf('.') + 1);
      const others = respell(signature).map((other) => token.slice(0, -signature.length) + other);
      for (const other of others) await expectRefused(other, later(index));
    }
  });
});
