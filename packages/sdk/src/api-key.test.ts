import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningTenon, startServer, temporaryDirectory } from '../../../e2e/support/server.ts';
import { Front } from '../testing/front.ts';
import { type Person, registerOwner } from '../testing/people.ts';
import { thrownBy } from '../testing/world.ts';
import { createTenon, PermissionDeniedError, type Tenon, UnauthenticatedError } from './index.ts';

describe('with an API key', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let server: RunningTenon;
  let front: Front;
  let owner: Person;
  let signedIn: Tenon;
  let key: { id: string; secret: string };
  let tenon: Tenon;

  beforeAll(async () => {
    directory = temporaryDirectory();
    server = await startServer({ DATA_DIR: directory.path });
    front = await Front.before(server.url);
    signedIn = createTenon({ baseUrl: server.url });
    owner = await registerOwner(signedIn);
    await signedIn.auth.login({ login: owner.login, password: owner.password });
    key = await signedIn.apiKeys.create({ name: 'Import', scopes: ['task:read', 'task:create'] });
    tenon = createTenon({ baseUrl: front.url, apiKey: key.secret });
  });
  afterAll(async () => {
    await front?.close();
    await server?.kill('SIGKILL');
    directory.remove();
  });
  beforeEach(() => front.reset());

  test('calls and lists without signing in', async () => {
    const { id, createdBy } = await tenon.tasks.create({ title: 'From the import' });
    expect(createdBy).toMatchObject({ id: (await tenon.users.me()).id });
    const titles: string[] = [];
    for await (const { title } of tenon.tasks.list({ limit: 1 })) titles.push(title);
    expect(titles).toEqual(['From the import']);
    expect((await tenon.trpc.tasks.get.query({ id })).id).toBe(id);
    expect(front.requests('/auth/')).toEqual([]);
    for (const { headers } of front.seen) {
      expect(headers['x-api-key']).toBe(key.secret);
      expect(headers.authorization).toBeUndefined();
    }
  });

  test('is refused outside its scopes, and for calls that are for people only', async () => {
    const id = (await tenon.tasks.list()).data[0]?.id ?? '';
    expect(await thrownBy(tenon.tasks.delete({ id }))).toMatchObject({ code: 'permission_denied' });
    const refused = await thrownBy(tenon.auth.me());
    expect(refused).toBeInstanceOf(PermissionDeniedError);
    expect(refused).toMatchObject({ code: 'api_key_refused' });
    expect(await thrownBy(tenon.auth.login({ login: owner.login, password: owner.password }))).toBeInstanceOf(
      TypeError,
    );
  });

  test('stops when it is revoked, and asks for no other credential', async () => {
    await signedIn.apiKeys.delete({ id: key.id });
    expect(await thrownBy(tenon.tasks.list())).toBeInstanceOf(UnauthenticatedError);
    expect(front.seen).toHaveLength(1);
  });
});
