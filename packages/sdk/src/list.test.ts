import { afterAll, beforeAll, beforeEach, expect, expectTypeOf, test } from 'vitest';
import { type RunningTenon, startServer, temporaryDirectory } from '../../../e2e/support/server.ts';
import { Front } from '../testing/front.ts';
import { registerOwner } from '../testing/people.ts';
import { present } from '../testing/world.ts';
import { createTenon, type Outputs, type Tenon } from './index.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let server: RunningTenon;
let front: Front;
let tenon: Tenon;

const titles = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

beforeAll(async () => {
  directory = temporaryDirectory();
  server = await startServer({ DATA_DIR: directory.path });
  front = await Front.before(server.url);
  tenon = createTenon({ baseUrl: front.url });
  const { login, password } = await registerOwner(tenon);
  await tenon.auth.login({ login, password });
  for (const title of titles) await tenon.tasks.create({ title });
});
afterAll(async () => {
  await front?.close();
  await server?.kill('SIGKILL');
  directory.remove();
});
beforeEach(() => front.reset());

const input = { sort: 'title', limit: 3 } as const;

test('awaited, it is the page', async () => {
  const page = await tenon.tasks.list({ ...input, total: true });
  expectTypeOf(page).toEqualTypeOf<Outputs['tasks']['list']>();
  expect(page.data.map(({ title }) => title)).toEqual(['a', 'b', 'c']);
  expect(page.nextCursor).toEqual(expect.any(String));
  expect(page.total).toBe(7);
  expect(front.seen).toHaveLength(1);
});

test('iterated, it is every row of every page, fetched when its turn comes', async () => {
  const seen: [string, number][] = [];
  for await (const task of tenon.tasks.list(input)) {
    expectTypeOf(task.status).toEqualTypeOf<Outputs['tasks']['get']['status']>();
    seen.push([task.title, front.seen.length]);
  }
  expect(seen).toEqual([
    ['a', 1],
    ['b', 1],
    ['c', 1],
    ['d', 2],
    ['e', 2],
    ['f', 2],
    ['g', 3],
  ]);
  expect(front.seen).toHaveLength(3);
});

test('it begins where its cursor says', async () => {
  const { nextCursor } = await tenon.tasks.list(input);
  const rest: string[] = [];
  for await (const { title } of tenon.tasks.list({ ...input, cursor: present(nextCursor) })) rest.push(title);
  expect(rest).toEqual(['d', 'e', 'f', 'g']);
});

test('a loop that breaks fetches no more', async () => {
  for await (const { title } of tenon.tasks.list(input)) if (title === 'd') break;
  expect(front.seen).toHaveLength(2);
});

test('pages come one by one', async () => {
  const sizes: number[] = [];
  for await (const page of tenon.tasks.list(input).pages()) {
    expectTypeOf(page).toEqualTypeOf<Outputs['tasks']['list']>();
    sizes.push(page.data.length);
  }
  expect(sizes).toEqual([3, 3, 1]);
});

test('it can be awaited and iterated', async () => {
  const list = tenon.tasks.list(input);
  const { data } = await list;
  const all: string[] = [];
  for await (const { title } of list) all.push(title);
  expect([data.length, all]).toEqual([3, titles]);
  expect(front.seen).toHaveLength(3);
});

test('a page that fails ends the loop, and so does an abort', async () => {
  const seen: string[] = [];
  const controller = new AbortController();
  const loop = async () => {
    for await (const { title } of tenon.tasks.list(input, { signal: controller.signal })) {
      seen.push(title);
      if (title === 'c') controller.abort(new Error('enough'));
    }
  };
  await expect(loop()).rejects.toThrow('enough');
  expect(seen).toEqual(['a', 'b', 'c']);
});
