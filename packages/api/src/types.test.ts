import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { createTRPCClient, TRPCClientError } from '@trpc/client';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import type { Problem } from './problem.ts';
import type { FixtureRouter } from './testing/fixture.ts';
import { heading } from './trpc.ts';

type Client = ReturnType<typeof createTRPCClient<FixtureRouter>>;

describe('a client infers', () => {
  type Note = Awaited<ReturnType<Client['notes']['get']['query']>>;

  test('inputs, of which there may be none', () => {
    expectTypeOf<Parameters<Client['notes']['get']['query']>[0]>().toEqualTypeOf<{ id: string }>();
    expectTypeOf<Parameters<Client['notes']['create']['mutate']>[0]>().toExtend<{ title: string }>();
    expectTypeOf<undefined>().toExtend<Parameters<Client['notes']['list']['query']>[0]>();
    expectTypeOf<undefined>().toExtend<Parameters<Client['auth']['me']['query']>[0]>();
    expectTypeOf<undefined>().not.toExtend<Parameters<Client['notes']['create']['mutate']>[0]>();
  });

  test('outputs', () => {
    expectTypeOf<Note['color']>().toEqualTypeOf<'red' | 'green' | null>();
    expectTypeOf<Note['version']>().toEqualTypeOf<number>();
    expectTypeOf<Awaited<ReturnType<Client['notes']['delete']['mutate']>>>().toEqualTypeOf<undefined>();
  });

  test('errors', () => {
    expectTypeOf<NonNullable<TRPCClientError<FixtureRouter>['data']>['problem']>().toEqualTypeOf<Problem>();
  });
});

test('a service that takes or answers something else does not compile', () => {
  const { form, mutation, query, redirect } = heading({ name: 'Tests', description: '' });
  const output = z.object({ name: z.string() });
  query({
    rest: 'GET /a',
    access: 'public',
    summary: '',
    output,
    // @ts-expect-error -- the name must be a string
    run: async () => ({ name: 5 }),
  });
  mutation({
    rest: 'POST /a',
    access: 'public',
    summary: '',
    input: z.strictObject({ name: z.string() }),
    output,
    // @ts-expect-error -- the input has no such field
    run: async (_ctx, input: { name: string; more: string }) => input,
  });
  mutation({
    rest: 'POST /a/b',
    access: 'public',
    summary: '',
    // @ts-expect-error -- mutation does not pass the transport
    run: async (_ctx, _input, transport: { userAgent: string | null }) => void transport,
  });
  redirect({
    // @ts-expect-error -- a redirect is a GET
    rest: 'POST /b',
    access: 'public',
    summary: '',
    // @ts-expect-error -- it must answer an address
    run: async () => ({ name: 'address' }),
  });
  form({
    // @ts-expect-error -- a form is a POST
    rest: 'DELETE /c',
    access: 'public',
    summary: '',
    run: async (_ctx, _input, transport) => void transport.userAgent,
  });
  expect.assertions(0);
});

describe('the type of the router', () => {
  const root = join(import.meta.dirname, '../../..');
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenon-types-'));
    const emit = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--rootDir', root, '--outDir', folder];
    const tsc = spawn(join(root, 'node_modules/.bin/tsc'), ['-p', join(root, 'packages/api'), ...emit]);
    await once(tsc, 'close');
  });
  afterAll(() => rm(folder, { recursive: true }));

  const declarations = (name: string) => readFile(join(folder, `packages/api/src/${name}.d.ts`), 'utf8');

  test.each(['app-router', 'testing/fixture'])('of %s names nothing that the SDK could not publish', async (name) => {
    const text = await declarations(name);
    const type = text.slice(text.search(/const (appRouter|fixtureRouter):/)).split('\nexport ')[0] ?? '';
    const modules = new Set(Array.from(type.matchAll(/import\("([^"]+)"\)\.(?=\w)/g), (match) => match[1]));
    const light = name === 'app-router' ? './meta.ts' : '../meta.ts';
    expect([...modules].filter((module) => module !== '@trpc/server' && module !== light)).toEqual([]);
    expect(modules).toContain(light);
  });

  test.each([
    ['meta', ['@trpc/server', './problem.ts']],
    ['problem', ['./errors.ts']],
  ])('%s imports nothing heavy', async (name, allowed) => {
    const text = await declarations(name);
    expect(new Set(Array.from(text.matchAll(/from '([^']+)'/g), (match) => match[1]))).toEqual(new Set(allowed));
  });
});
