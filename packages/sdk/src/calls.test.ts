import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { type RunningTenon, startServer, temporaryDirectory } from '../../../e2e/support/server.ts';
import { Front } from '../testing/front.ts';
import { type Person, registerOwner } from '../testing/people.ts';
import { thrownBy } from '../testing/world.ts';
import {
  BadRequestError,
  createTenon,
  type Job,
  NotFoundError,
  type Outputs,
  PreconditionFailedError,
  type Tenon,
  UnprocessableError,
} from './index.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let server: RunningTenon;
let front: Front;
let owner: Person;
let tenon: Tenon;

beforeAll(async () => {
  directory = temporaryDirectory();
  server = await startServer({ DATA_DIR: directory.path });
  front = await Front.before(server.url);
  tenon = createTenon({ baseUrl: `${front.url}/` });
  owner = await registerOwner(tenon);
  await tenon.auth.login({ login: owner.login, password: owner.password });
});
afterAll(async () => {
  await front?.close();
  await server?.kill('SIGKILL');
  directory.remove();
});
beforeEach(() => front.reset());

type Task = Outputs['tasks']['get'];

const nowhere = '0190a0a0-0000-7000-8000-000000000001';

/** Returns what a promise rejects with, and checks its class. */
async function failure<Failure extends Error>(
  promise: Promise<unknown>,
  Class: new (...args: never[]) => Failure,
): Promise<Failure> {
  const error = await thrownBy(promise);
  if (!(error instanceof Class)) throw error;
  return error;
}

describe('a mutation', () => {
  test('answers what it created, alone in its request, with its own key', async () => {
    const [one, other] = await Promise.all([
      tenon.tasks.create({ title: 'One' }),
      tenon.tasks.create({ title: 'Other' }),
    ]);
    expectTypeOf(one).toEqualTypeOf<Task>();
    expect([one.title, other.title]).toEqual(['One', 'Other']);
    const requests = front.requests('/trpc/tasks.create');
    const keys = requests.map(({ headers }) => headers['idempotency-key']);
    expect(requests).toHaveLength(2);
    expect(new Set(keys).size).toBe(2);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/);
  });

  test('acts on the version that was read', async () => {
    const task = await tenon.tasks.create({ title: 'Draft' });
    const changed = await tenon.tasks.update({ id: task.id, title: 'Final' }, { ifMatch: task.version });
    expect(changed.version).toBe(task.version + 1);
    const update = tenon.tasks.update({ id: task.id, title: 'Late' }, { ifMatch: task.version });
    const error = await failure(update, PreconditionFailedError);
    expect(error).toMatchObject({ status: 412, code: 'version_conflict' });
    await tenon.tasks.update({ id: task.id, title: 'Anyhow' }, { ifMatch: '*' });
  });

  test('acts once for one key', async () => {
    const create = (title: string) => tenon.tasks.create({ title }, { idempotencyKey: 'minutes-of-monday' });
    const [first, again] = [await create('Minutes'), await create('Minutes')];
    expect(again).toEqual(first);
    expect(await failure(create('Others'), UnprocessableError)).toMatchObject({ code: 'idempotency_key_reused' });
  });

  test('run dry says what it would do', async () => {
    const dry = await tenon.tasks.create({ title: 'Maybe' }, { dryRun: true });
    expectTypeOf(dry.result).toEqualTypeOf<Task>();
    expect(dry).toMatchObject({ dryRun: true, result: { title: 'Maybe' }, events: [{ type: 'task.created' }] });
    expect((await tenon.tasks.list({ search: 'Maybe' })).data).toEqual([]);

    const { id } = await tenon.tasks.create({ title: 'Stays' });
    const gone = await tenon.tasks.delete({ id }, { dryRun: true });
    expectTypeOf(gone.result).toEqualTypeOf<Job | null>();
    expect(gone).toMatchObject({ dryRun: true, result: null });
    expect(await tenon.tasks.get({ id })).toMatchObject({ id, deletedAt: null });
  });

  test('may answer nothing', async () => {
    const { id } = await tenon.tasks.create({ title: 'Short-lived' });
    expect(await tenon.tasks.delete({ id })).toBeUndefined();
    await failure(tenon.tasks.get({ id }), NotFoundError);
  });
});

describe('queries', () => {
  test('of one tick share a request, and each has its own answer', async () => {
    const { id } = await tenon.tasks.create({ title: 'Shared' });
    front.reset();
    const [task, page, error] = await Promise.all([
      tenon.tasks.get({ id }),
      tenon.tags.list(),
      failure(tenon.tasks.get({ id: nowhere }), NotFoundError),
    ]);
    expect([task.id, page.data]).toEqual([id, []]);
    expect(error).toMatchObject({ status: 404, code: 'task_not_found' });
    expect(error.requestId).toMatch(/./);
    expect(front.seen.map(({ path }) => path.split('?')[0])).toEqual(['/trpc/tasks.get,tags.list,tasks.get']);
  });

  test('too long to share go alone, and far too long get the answer of the server', async () => {
    const uuids = (count: number) => Array.from({ length: count }, (_, n) => nowhere.slice(0, -4) + String(1000 + n));
    const [some] = await Promise.all([tenon.tasks.list({ tag: uuids(50), assignee: uuids(50) }), tenon.tags.list()]);
    expect(some.data).toEqual([]);
    expect(front.seen).toHaveLength(2);
    const filters = { tag: uuids(50), assignee: uuids(50), createdBy: uuids(50), parent: uuids(50) };
    await expect(tenon.tasks.list(filters)).rejects.toMatchObject({ status: 414, code: 'uri_too_long' });
  });

  test('know their organization', async () => {
    const stranger = createTenon({ baseUrl: front.url });
    const { login, password, organizationId } = await registerOwner(stranger);
    const elsewhere = createTenon({
      baseUrl: front.url,
      organization: organizationId,
      headers: { 'x-agent': 'tests' },
    });
    await elsewhere.auth.login({ login, password });
    front.reset();
    const [mine, refused] = await Promise.all([
      elsewhere.organizations.me(),
      failure(elsewhere.tasks.list({}, { organization: owner.organizationId }), NotFoundError),
    ]);
    expect(mine.id).toBe(organizationId);
    expect(refused.code).toBe('organization_not_found');
    expect(front.seen.map(({ headers }) => headers['x-organization-id'])).toEqual(
      expect.arrayContaining([organizationId, owner.organizationId]),
    );
    expect(front.seen.map(({ headers }) => headers['x-agent'])).toEqual(['tests', 'tests']);
    // The input names another organization, so the client does not send its own.
    front.reset();
    await failure(elsewhere.organizations.get({ organizationId: owner.organizationId }), NotFoundError);
    expect(front.seen[0]?.headers).not.toHaveProperty('x-organization-id');
  });
});

describe('withResponse', () => {
  test('adds status, headers and request id to the answer, and sends nothing more', async () => {
    const task = await tenon.tasks.create({ title: 'Traced' });
    front.reset();
    const { data, response, requestId } = await tenon.tasks.get({ id: task.id }).withResponse();
    expectTypeOf(data).toEqualTypeOf<Task>();
    expect(data).toEqual(task);
    expect(response.status).toBe(200);
    expect(requestId).toEqual(expect.stringMatching(/./));
    expect(response.headers.get('x-request-id')).toBe(requestId);
    expect(front.seen).toHaveLength(1);
  });

  test('shows the version of what was changed, and whether the answer is a replay', async () => {
    const create = () => tenon.tasks.create({ title: 'Once' }, { idempotencyKey: 'once' });
    const first = await create().withResponse();
    const again = await create().withResponse();
    expect(first.response.headers.get('etag')).toBe('"1"');
    expect(first.response.headers.get('idempotency-replayed')).toBeNull();
    expect(again.response.headers.get('idempotency-replayed')).toBe('true');
    expect(again.data).toEqual(first.data);
  });

  test('is there for lists, for files, and for what tRPC does not serve', async () => {
    const listed = await tenon.tasks.list({ limit: 1 }).withResponse();
    expect([listed.response.status, listed.data.data.length]).toEqual([200, 1]);
    const { id } = await tenon.tasks.create({ title: 'With a file' });
    const uploaded = await tenon.attachments.upload(id, new Blob(['Text']), { fileName: 'a.txt' }).withResponse();
    expect(uploaded.response.status).toBe(201);
    expect(uploaded.response.headers.get('location')).toBe(`/api/v1/attachments/${uploaded.data.id}`);
    const downloaded = await tenon.attachments.download({ id: uploaded.data.id }).withResponse();
    expect([downloaded.response.status, downloaded.data.fileName]).toEqual([200, 'a.txt']);
    const refreshed = await tenon.auth.refresh().withResponse();
    expect([refreshed.response.status, refreshed.data.tokenType]).toEqual([200, 'Bearer']);
  });

  test('rejects as the call does', async () => {
    const error = await failure(tenon.tasks.get({ id: nowhere }).withResponse(), NotFoundError);
    expect(error.requestId).toEqual(expect.stringMatching(/./));
  });
});

describe('errors', () => {
  test('name every wrong field', async () => {
    // Wrong on purpose, as a program without types would send it.
    const wrong = { title: '', status: 'later' } as unknown as { title: string };
    const error = await failure(tenon.tasks.create(wrong), BadRequestError);
    expect(error).toMatchObject({ status: 400, code: 'validation_failed' });
    expect(error.errors.map(({ path }) => path).toSorted()).toEqual(['/body/status', '/body/title']);
    expect(error.message).toContain('/body/title');
  });

  test('for input that JSON cannot write are not network errors', async () => {
    const circular: { title: string; self?: unknown } = { title: 'Round' };
    circular.self = circular;
    await failure(tenon.tasks.create(circular), TypeError);
    expect(front.seen).toEqual([]);
  });
});

test("tRPC's own client has the same session and options", async () => {
  const task = await tenon.trpc.tasks.create.mutate({ title: 'By tRPC' });
  expectTypeOf(task.title).toBeString();
  const update = tenon.trpc.tasks.update.mutate({ id: task.id, title: 'Late' }, { context: { ifMatch: 99 } });
  await expect(update).rejects.toMatchObject({
    name: 'TRPCClientError',
    data: { problem: { code: 'version_conflict' } },
  });
  const dry = await tenon.trpc.tasks.update.mutate({ id: task.id, title: 'Late' }, { context: { dryRun: true } });
  expect(dry).toMatchObject({ dryRun: true });
});

test('the client is not a promise, and can be printed', async () => {
  expect(await Promise.resolve(tenon)).toBe(tenon);
  expect(await Promise.resolve(tenon.tasks)).toBe(tenon.tasks);
  expect(JSON.stringify({ tasks: tenon.tasks })).toBe('{"tasks":{}}');
  expect(front.seen).toEqual([]);
});
