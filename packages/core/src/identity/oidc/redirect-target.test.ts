import { describe, expect, it } from 'vitest';
import type { CoreSettings } from '../../kernel/settings.ts';
import { codeOf } from '../../testing/people.ts';
import { redirectTarget, withParameters } from './redirect-target.ts';

const settings: CoreSettings = {
  production: true,
  publicUrl: 'https://tenon.example.com',
  dataDirectory: '',
  secretKey: '',
  encryptionKeys: [],
  accessTokenMinutes: 20,
  refreshTokenDays: 3,
  requireVerifiedEmail: true,
  passwordMinLength: 8,
  attemptsPerAddress: 1,
  corsOrigins: ['https://app.example.com'],
};

const target = (redirectTo: string, loopbackToo = false) => redirectTarget(settings, redirectTo, { loopbackToo });
const refusal = (redirectTo: string, loopbackToo = false) =>
  codeOf(Promise.resolve().then(() => target(redirectTo, loopbackToo)));

describe('the target of a sign-in', () => {
  it.each([
    ['/', 'https://tenon.example.com/'],
    ['/a/../b?c=d#e', 'https://tenon.example.com/b?c=d#e'],
    ['https://tenon.example.com/a', 'https://tenon.example.com/a'],
    ['https://app.example.com', 'https://app.example.com/'],
    ['HTTPS://APP.example.com:443/a', 'https://app.example.com/a'],
  ])('may be %s', (redirectTo, whole) => expect(target(redirectTo)).toBe(whole));

  it.each([
    'https://evil.example', '//evil.example', '/\\evil.example', '\\\\evil.example', '/\t/evil.example', '/\n/evil.example',
    '///evil.example', 'https:evil.example', 'https:/\\evil.example', 'http://tenon.example.com/', 'evil.example', '',
    'https://tenon.example.com.evil.example/', 'https://tenon.example.com@evil.example/', 'https://tenon.example.com:8443/',
    'https://user@tenon.example.com/', 'https://:secret@tenon.example.com/', 'https://app.example.com:secret@app.example.com/', ' //evil.example',
    'javascript:alert(1)', 'data:text/html,x', 'https://APP.example.com.', 'http://127.0.0.1:1234/',
  ])('may not be %j', async (redirectTo) => expect(await refusal(redirectTo)).toBe('validation_failed')); // prettier-ignore

  it('may be a program on this machine, for a client that gets its secrets in the body', async () => {
    expect(target('http://127.0.0.1:51234/done', true)).toBe('http://127.0.0.1:51234/done');
    expect(target('http://[::1]:51234/', true)).toBe('http://[::1]:51234/');
  });

  it.each(['https://127.0.0.1/', 'http://localhost:1234/', 'http://127.0.0.2/', 'http://10.0.0.1/'])(
    'may not be another program: %s',
    async (other) => expect(await refusal(other, true)).toBe('validation_failed'),
  );

  it('keeps its own query parameters when others are added', () => {
    const parameters = { error: 'a b', code: undefined };
    expect(withParameters('https://app.example.com/?x=1#y', parameters)).toBe(
      'https://app.example.com/?x=1&error=a+b#y',
    );
  });
});
