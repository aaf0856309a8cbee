import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTenon, type RunningTenon, startServer, temporaryDirectory } from '../../../e2e/support/server.ts';
import { type Person, registerOwner } from '../testing/people.ts';
import { createTenon, memorySession, NotFoundError, PermissionDeniedError, UnauthenticatedError } from './index.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let server: RunningTenon;
let owner: Person;

beforeAll(async () => {
  directory = temporaryDirectory();
  server = await startServer({ DATA_DIR: directory.path });
  owner = await registerOwner(createTenon({ baseUrl: server.url }));
});
afterAll(async () => {
  await server?.kill('SIGKILL');
  directory.remove();
});

async function signIn(deviceId: string, password = owner.password) {
  const session = memorySession();
  const tenon = createTenon({ baseUrl: server.url, session });
  await tenon.auth.login({ login: owner.login, password, deviceId });
  return { tenon, session };
}

test('sessions are listed and ended, one or all others', async () => {
  const { tenon: here } = await signIn('here');
  const { tenon: there, session } = await signIn('there');
  const devices: (string | null)[] = [];
  for await (const { deviceId } of here.sessions.list({ sort: 'createdAt' })) devices.push(deviceId);
  expect(devices).toEqual(['here', 'there']);

  const { data } = await here.sessions.list();
  await here.sessions.end({ id: data.find(({ isCurrent }) => !isCurrent)?.id ?? '' });
  await expect(there.auth.me()).rejects.toBeInstanceOf(UnauthenticatedError);
  expect(await session.get()).toBeNull();
  await expect(here.sessions.end({ id: crypto.randomUUID() })).rejects.toBeInstanceOf(NotFoundError);

  const { tenon: third } = await signIn('third');
  expect(await here.auth.logoutAll({ keepCurrent: true })).toEqual({ ended: 1 });
  await expect(third.auth.me()).rejects.toBeInstanceOf(UnauthenticatedError);
  expect((await here.auth.me()).user.email).toBe(owner.login);
});

test('changing a password ends the other sessions', async () => {
  const { tenon: here } = await signIn('here');
  const { tenon: there } = await signIn('there');
  const newPassword = `${crypto.randomUUID()} staple`;

  await here.auth.changePassword({ currentPassword: owner.password, newPassword });

  await expect(there.auth.me()).rejects.toBeInstanceOf(UnauthenticatedError);
  await expect(signIn('again')).rejects.toBeInstanceOf(UnauthenticatedError);
  owner = { ...owner, password: newPassword };
  expect((await (await signIn('again')).tenon.auth.me()).user.email).toBe(owner.login);
});

test('administrators of the instance see everybody', { timeout: 60_000 }, async () => {
  const { tenon } = await signIn('here');
  await expect(tenon.users.list({})).rejects.toBeInstanceOf(PermissionDeniedError);

  expect(await runTenon(['admin', 'grant', owner.login], { DATA_DIR: directory.path })).toMatchObject({ code: 0 });

  await expect
    .poll(() => tenon.users.list({ search: owner.login }).catch(() => null), { timeout: 5000 })
    .toMatchObject({ data: [{ email: owner.login, isInstanceAdmin: true }] });
});
