import { z } from 'zod';
import { expect, test } from 'vitest';
import { operationsOf } from './operations.ts';
import { fixtureRouter } from './testing/fixture.ts';
import { heading, router } from './trpc.ts';

const { mutation, query } = heading({ name: 'Tests', description: '' });
const shared = { access: 'public', summary: '' } as const;
const id = z.strictObject({ id: z.string() });
const output = z.object({});
const run = async () => ({});

test.each([
  [
    'loose input',
    () => query({ ...shared, rest: 'GET /a/{id}', input: z.object({ id: z.string() }), output, run }),
    'must be strict',
  ],
  [
    'a parameter without a field',
    () => query({ ...shared, rest: 'GET /a/{other}', input: id, output, run }),
    'has no other',
  ],
  ['a query that is no GET or POST', () => query({ ...shared, rest: 'PUT /a', output, run }), 'a query is a GET'],
  ['a mutation by GET', () => mutation({ ...shared, rest: 'GET /a', output, run }), 'changes nothing'],
  ['an answer to 204', () => mutation({ ...shared, rest: 'POST /a', status: 204, output, run }), '204'],
  ['no answer to 200', () => mutation({ ...shared, rest: 'POST /a', status: 200, run: async () => {} }), '204'],
  ['no path', () => mutation({ ...shared, rest: 'POST /a b', output, run }), 'not a method and a path'],
])('%s is refused at start', (_what, declare, message) => {
  expect(declare).toThrow(message);
});

test('the router can be enumerated', () => {
  const operations = operationsOf(fixtureRouter);
  expect(operations.get('notes.update')).toMatchObject({
    type: 'mutation',
    method: 'PATCH',
    path: '/notes/{id}',
    tags: ['Notes'],
    access: 'permission',
    permission: 'task:update',
    organization: 'required',
    status: 200,
    versioned: true,
    mutationHeaders: true,
    secretAnswer: false,
    restOnly: false,
  });
  expect(operations.get('notes.delete')?.status).toBe(204);
  expect(operations.get('notes.create')?.problems).toEqual([
    { code: 'notes_exhausted', status: 402 },
    { code: 'note_locked', status: 409 },
  ]);
  expect(operations.get('auth.me')).toMatchObject({ access: 'user', permission: null, organization: 'optional' });
  expect(operations.get('auth.register')).toMatchObject({
    access: 'public',
    organization: 'none',
    mutationHeaders: false,
  });
  expect(operations.get('auth.refresh')).toMatchObject({ kind: 'json', restOnly: true, mutationHeaders: false });
  expect(operations.get('auth.arrive')).toMatchObject({
    kind: 'redirect',
    type: 'mutation',
    status: 303,
    restOnly: true,
    mutationHeaders: false,
    ignoresUnknown: true,
  });
  expect(operations.get('auth.vote')).toMatchObject({
    kind: 'form',
    type: 'mutation',
    status: 200,
    restOnly: true,
    mutationHeaders: false,
    ignoresUnknown: false,
  });
});

test('a procedure that no builder of ours made is refused', () => {
  expect(() =>
    operationsOf(router({ odd: Object.assign(() => {}, { _def: { procedure: true, meta: {} } }) as never })),
  ).toThrow('odd');
});
