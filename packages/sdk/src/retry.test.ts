import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningTenon, startServer, temporaryDirectory } from '../../../e2e/support/server.ts';
import { type Fault, Front } from '../testing/front.ts';
import { type Person, registerOwner } from '../testing/people.ts';
import { TestRuntime, thrownBy } from '../testing/world.ts';
import {
  ConnectionError,
  createTenon,
  memorySession,
  RateLimitedError,
  TimeoutError,
  UnavailableError,
} from './index.ts';
import type { TenonOptions } from './options.ts';
import { connect } from './tenon.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let server: RunningTenon;
let front: Front;
let owner: Person;
const session = memorySession();

beforeAll(async () => {
  directory = temporaryDirectory();
  server = await startServer({ DATA_DIR: directory.path });
  front = await Front.before(server.url);
  const tenon = createTenon({ baseUrl: server.url, session });
  owner = await registerOwner(tenon);
  await tenon.auth.login({ login: owner.login, password: owner.password });
});
afterAll(async () => {
  await front?.close();
  await server?.kill('SIGKILL');
  directory.remove();
});
beforeEach(() => front.reset());

function clientWith(options: Partial<Exclude<TenonOptions, { apiKey: string }>> = {}) {
  const runtime = new TestRuntime();
  return { tenon: connect({ baseUrl: front.url, session, ...options }, runtime), runtime };
}

const answer = (status: number, headers: Record<string, string> = {}, body = ''): Fault => ({
  kind: 'answer',
  status,
  headers,
  body,
});

const problem = (code: string, status: number) =>
  JSON.stringify({ code, status, detail: 'No.', requestId: 'request-1' });

describe('a query is tried again', () => {
  test.each<[string, Fault]>([
    ['after 429', answer(429)],
    ['after 503', answer(503, {}, problem('database_busy', 503))],
    ['after a page of a proxy', answer(502, { 'content-type': 'text/html' }, '<h1>Bad gateway</h1>')],
    ['after a lost connection', { kind: 'drop' }],
    ['after half of an answer', { kind: 'cut-answer' }],
  ])('%s', async (_, fault) => {
    const { tenon, runtime } = clientWith();
    front.fail('auth.me', fault);
    expect((await tenon.auth.me()).user.email).toBe(owner.login);
    expect([front.seen.length, runtime.slept]).toEqual([2, [300]]);
  });

  test('after a timeout', async () => {
    const { tenon, runtime } = clientWith({ timeoutMs: 500 });
    front.fail('auth.me', { kind: 'hang' });
    expect((await tenon.auth.me()).user.email).toBe(owner.login);
    expect([front.seen.length, runtime.slept]).toEqual([2, [300]]);
  });

  test('with longer and longer waits, up to the limit', async () => {
    const { tenon, runtime } = clientWith({ retry: { limit: 4, baseDelayMs: 100, maxDelayMs: 500 } });
    for (let n = 0; n < 5; n++) front.fail('auth.me', answer(503, { 'x-request-id': `request-${n}` }));
    await expect(tenon.auth.me()).rejects.toMatchObject({ name: 'UnavailableError', requestId: 'request-4' });
    expect(runtime.slept).toEqual([100, 200, 400, 500]);
  });

  test('not at all when retries are off, or the error will stay', async () => {
    const { tenon, runtime } = clientWith();
    front.fail('auth.me', answer(503));
    await expect(clientWith({ retry: { limit: 0 } }).tenon.auth.me()).rejects.toBeInstanceOf(UnavailableError);
    for (const status of [400, 404, 409, 418, 500]) {
      front.fail('auth.me', answer(status, {}, problem('some_code', status)));
      await expect(tenon.auth.me()).rejects.toMatchObject({ status, code: 'some_code' });
    }
    expect(runtime.slept).toEqual([]);
  });
});

describe('Retry-After', () => {
  test('is waited for, with jitter added', async () => {
    const { tenon, runtime } = clientWith();
    front.fail('auth.me', answer(429, { 'retry-after': '7' }, problem('rate_limited', 429)));
    await tenon.auth.me();
    expect(runtime.slept).toEqual([7_300]);
  });

  test('of a single call works over tRPC too', async () => {
    const { tenon, runtime } = clientWith();
    const shape = { message: 'No.', code: -32029, data: { code: 'TOO_MANY_REQUESTS', httpStatus: 429 } };
    const body = JSON.stringify({
      error: { ...shape, data: { ...shape.data, problem: JSON.parse(problem('rate_limited', 429)) } },
    });
    front.fail('tasks.create', answer(429, { 'retry-after': '3', 'content-type': 'application/json' }, body));
    await tenon.tasks.create({ title: 'Patient' });
    expect(runtime.slept).toEqual([3_300]);
  });

  test('that asks for too much is left to the caller', async () => {
    const { tenon, runtime } = clientWith();
    front.fail('auth.me', answer(429, { 'retry-after': '61' }));
    const error = await thrownBy(tenon.auth.me());
    expect(error).toBeInstanceOf(RateLimitedError);
    expect(error).toMatchObject({ retryAfter: 61 });
    expect(runtime.slept).toEqual([]);
  });
});

describe('a mutation is tried again with the same key', () => {
  const titled = async (title: string) => (await clientWith().tenon.tasks.list({ search: title })).data.length;

  test('and makes one task when its answer was lost', async () => {
    const { tenon } = clientWith();
    front.fail('tasks.create', { kind: 'drop-answer' });
    front.fail('tasks.create', { kind: 'cut-answer' });
    const task = await tenon.tasks.create({ title: 'Unrepeatable' });
    const keys = front.requests('tasks.create').map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(await titled('Unrepeatable')).toBe(1);
    expect((await tenon.tasks.get({ id: task.id })).title).toBe('Unrepeatable');
  });

  test('and while the first is still running', async () => {
    const { tenon, runtime } = clientWith();
    front.fail('tasks.create', answer(409, { 'retry-after': '1' }, problem('idempotency_in_progress', 409)));
    await tenon.tasks.create({ title: 'Overlapping' });
    expect(runtime.slept).toEqual([1_300]);
    expect(await titled('Overlapping')).toBe(1);
  });

  test('a dry run is no exception', async () => {
    const { tenon } = clientWith();
    front.fail('tasks.create', { kind: 'drop-answer' });
    expect(await tenon.tasks.create({ title: 'Imagined' }, { dryRun: true })).toMatchObject({ dryRun: true });
    expect(front.requests('tasks.create')).toHaveLength(2);
    expect(await titled('Imagined')).toBe(0);
  });

  test('but a call of auth is not, because it has no key', async () => {
    const { tenon } = clientWith();
    const calls = [
      () => tenon.auth.resendVerification({ email: owner.login }),
      () => tenon.auth.login({ login: owner.login, password: owner.password }),
    ];
    for (const call of calls) {
      front.reset();
      front.fail('auth', { kind: 'drop' });
      await expect(call()).rejects.toBeInstanceOf(ConnectionError);
      expect(front.seen).toHaveLength(1);
      expect(front.seen[0]?.headers).not.toHaveProperty('idempotency-key');
    }
  });
});

describe('a deadline', () => {
  test('ends each try', async () => {
    // Long enough for a request to arrive on a busy machine.
    const { tenon, runtime } = clientWith({ timeoutMs: 500, retry: { limit: 1 } });
    front.fail('auth.me', { kind: 'hang' });
    front.fail('auth.me', { kind: 'hang' });
    await expect(tenon.auth.me()).rejects.toBeInstanceOf(TimeoutError);
    expect([front.seen.length, runtime.slept]).toEqual([2, [300]]);
    await expect.poll(() => front.seen.every(({ abandoned }) => abandoned)).toBe(true);
  });

  test('of one call leaves the others in its batch alone', async () => {
    const { tenon } = clientWith({ retry: { limit: 0 } });
    const [late, list] = await Promise.allSettled([tenon.auth.me(undefined, { timeoutMs: 0 }), tenon.tags.list()]);
    expect(late).toMatchObject({ status: 'rejected', reason: { name: 'TimeoutError' } });
    expect(list).toMatchObject({ status: 'fulfilled', value: { data: [] } });
  });

  test('can be lifted, and applies to signing in', async () => {
    const { tenon } = clientWith({ timeoutMs: 60, retry: { limit: 0 } });
    expect((await tenon.auth.me(undefined, { timeoutMs: Infinity })).user.email).toBe(owner.login);
    front.fail('/auth/login', { kind: 'hang' });
    await expect(tenon.auth.login({ login: 'a', password: 'b' })).rejects.toBeInstanceOf(TimeoutError);
  });
});

describe('an abort', () => {
  test('ends the call with its own reason, and the request with it', async () => {
    const { tenon, runtime } = clientWith();
    for (const [path, call] of [
      ['auth.me', (signal: AbortSignal) => tenon.auth.me(undefined, { signal })],
      ['tasks.create', (signal: AbortSignal) => tenon.tasks.create({ title: 'Never' }, { signal })],
      ['/auth/login', (signal: AbortSignal) => tenon.auth.login({ login: 'a', password: 'b' }, { signal })],
    ] as const) {
      front.reset();
      front.fail(path, { kind: 'hang' });
      const controller = new AbortController();
      const thrown = thrownBy(call(controller.signal));
      await expect.poll(() => front.requests(path).length).toBe(1);
      controller.abort();
      expect(await thrown).toMatchObject({ name: 'AbortError' });
      await expect.poll(() => front.requests(path)[0]?.abandoned).toBe(true);
    }
    expect(runtime.slept).toEqual([]);
  });

  test('before the call sends nothing', async () => {
    const { tenon } = clientWith();
    const signal = AbortSignal.abort('not today');
    await expect(tenon.tasks.create({ title: 'Never' }, { signal })).rejects.toBe('not today');
    await expect(tenon.auth.login({ login: 'a', password: 'b' }, { signal })).rejects.toBe('not today');
    expect(front.seen).toEqual([]);
  });

  test('while it waits ends the retries', async () => {
    const tenon = createTenon({ baseUrl: front.url, session, retry: { baseDelayMs: 60_000, maxDelayMs: 60_000 } });
    front.fail('auth.me', answer(503, { 'retry-after': '30' }));
    const controller = new AbortController();
    const thrown = thrownBy(tenon.auth.me(undefined, { signal: controller.signal }));
    await expect.poll(() => front.seen.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort();
    expect(await thrown).toMatchObject({ name: 'AbortError' });
    expect(front.seen).toHaveLength(1);
  });
});
