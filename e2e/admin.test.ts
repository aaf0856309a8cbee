import { afterEach, beforeEach, expect, it } from 'vitest';
import { callerOf, registerOwner } from './support/api.ts';
import { runTenon, type RunningTenon, startServer, temporaryDirectory, until } from './support/server.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let server: RunningTenon;

beforeEach(async () => {
  directory = temporaryDirectory();
  server = await startServer({ DATA_DIR: directory.path });
});
afterEach(async () => {
  await server.kill('SIGKILL');
  directory.remove();
});

it('grants and revokes the right to administer the instance while a server runs', { timeout: 90_000 }, async () => {
  const { token, email } = await registerOwner(server.url);
  const tenon = (...args: string[]) => runTenon(['admin', ...args], { DATA_DIR: directory.path });
  const lists = () =>
    callerOf(server.url, token)
      .get('/users')
      .then(
        () => true,
        () => false,
      );

  expect(await lists()).toBe(false);
  expect(await tenon('grant', email)).toMatchObject({ code: 0, stdout: expect.stringContaining('now') });
  await until(async () => ((await lists()) ? true : undefined), 'The right', 5000);
  expect(await tenon('revoke', email)).toMatchObject({ code: 0 });
  await until(async () => ((await lists()) ? undefined : true), 'Its end', 5000);
  expect(await tenon('grant', 'nobody@example.com')).toMatchObject({
    code: 1,
    stderr: 'tenon: There is no such user.\n',
  });
  // The owner has none. That a lost one is removed is tested beside the service.
  expect(await tenon('reset-second-factor', email)).toMatchObject({
    code: 1,
    stderr: 'tenon: There is no authenticator app.\n',
  });
  for (const wrong of [[], ['grant'], ['reset-second-factor'], ['make', email], ['grant', email, 'more']])
    expect(await tenon(...wrong)).toMatchObject({ code: 2 });
});
