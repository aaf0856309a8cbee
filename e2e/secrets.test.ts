import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { callerOf, registerOwner } from './support/api.ts';
import { codeOf } from './support/authenticator-app.ts';
import { runTenon, type RunningTenon, startServer, temporaryDirectory } from './support/server.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let server: RunningTenon | undefined;

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(async () => {
  await server?.kill('SIGKILL');
  directory.remove();
});

const newKey = () => randomBytes(32).toString('base64');
const settings = (...keys: string[]) => ({ DATA_DIR: directory.path, ENCRYPTION_KEY: keys.join(',') });

it('second factors work after the encryption key was changed', { timeout: 90_000 }, async () => {
  const [older, newer] = [newKey(), newKey()];
  server = await startServer(settings(older));
  const { token, email, password } = await registerOwner(server.url);
  const caller = callerOf(server.url, token);
  const { secret } = await caller.post<{ secret: string }>('/auth/totp/start', { password });
  await caller.post('/auth/totp/confirm', { code: codeOf(secret, -1) });
  await server.kill('SIGTERM');

  const lost = await runTenon(['secrets', 'rotate'], settings(newer));
  expect(lost).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/1 could not be opened.*\n {2}totp_credentials /),
  });

  const rotate = () => runTenon(['secrets', 'rotate'], settings(newer, older));
  expect(await rotate()).toMatchObject({ code: 0, stdout: '1 secrets sealed under the first key.\n' });
  expect(await rotate()).toMatchObject({ code: 0, stdout: '0 secrets sealed under the first key.\n' });

  server = await startServer(settings(newer));
  const asked = await fetch(`${server.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: email, password }),
  });
  const { code, challenge } = (await asked.json()) as { code: string; challenge: { token: string } };
  expect({ status: asked.status, code }).toEqual({ status: 403, code: 'second_factor_required' });
  const signedIn = await callerOf(server.url).post<{ user: { email: string } }>('/auth/second-factor', {
    challengeToken: challenge.token,
    code: codeOf(secret),
  });
  expect(signedIn.user.email).toBe(email);
});
