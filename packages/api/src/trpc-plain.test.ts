import type { FastifyInstance, FastifyRequest, InjectOptions } from 'fastify';
import { jsonlStreamConsumer } from '@trpc/server/unstable-core-do-not-import';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operationsOf } from './operations.ts';
import { fixtureRouter, fixtureServer, noteId, organizationId } from './testing/fixture.ts';
import { plainCalls, TrpcInput } from './trpc-plain.ts';

/*
 * The contract tests compare our answers with those of tRPC for all operations. These tests cover what depends on the request alone.
 */

const json = { 'content-type': 'application/json' };

describe('which requests are plain', () => {
  const operations = operationsOf(fixtureRouter);
  const namesIn = (method: string, url: string, headers: Record<string, string> = {}) => {
    const request = { method, url: `/trpc/${url}`, headers, body: undefined } as unknown as FastifyRequest;
    const [path = ''] = url.split('?');
    return plainCalls(operations, request, path, new TrpcInput(request))?.map((call) => call.path) ?? null;
  };

  test.each([
    ['GET', 'notes.get?input=%7B%7D', {}, ['notes.get']],
    ['HEAD', 'notes.get', {}, ['notes.get']],
    ['GET', 'notes.get,notes.list?batch=1', {}, ['notes.get', 'notes.list']],
    ['GET', 'notes.get,notes.list?batch=1', { 'if-none-match': '"3"' }, ['notes.get', 'notes.list']],
    ['GET', 'notes.get,notes.list?batch=1', { 'trpc-accept': 'application/jsonl' }, ['notes.get', 'notes.list']],
    ['POST', 'notes.create', json, ['notes.create']],
    ['POST', 'notes.create', { 'content-type': 'Application/JSON ; charset=utf-8' }, ['notes.create']],
    ['POST', 'notes.create?batch=1', { ...json, 'idempotency-key': 'k' }, ['notes.create']],
  ])('%s %s %j is', (method, url, headers, names) => {
    expect(namesIn(method, url, headers)).toEqual(names);
  });

  test.each([
    ['GET', 'notes.get,notes.list', {}],
    ['GET', 'notes.get', { 'trpc-accept': 'application/jsonl' }],
    ['HEAD', 'notes.get?batch=1', { 'trpc-accept': 'application/jsonl' }],
    ['GET', 'notes.get?batch=1', { 'trpc-accept': 'application/json' }],
    ['GET', 'notes.get?batch=1', { accept: 'text/html, application/jsonl' }],
    ['GET', 'notes.get', { 'content-type': 'multipart/form-data' }],
    ['GET', 'notes.get?connectionParams=%7B', {}],
    ['GET', 'notes.get?batch=1#fragment', {}],
    ['GET', 'notes%2Eget', {}],
    ['GET', 'constructor', {}],
    ['GET', 'notes.get,notes.nothing?batch=1', {}],
    ['GET', 'notes.get,notes.create?batch=1', {}],
    ['GET', `${Array(101).fill('notes.list').join()}?batch=1`, {}],
    ['POST', 'notes.create', {}],
    ['POST', 'notes.list', json],
    ['POST', 'notes.create,notes.create?batch=1', { ...json, 'idempotency-key': 'k' }],
  ])('%s %s %j is not', (method, url, headers) => {
    expect(namesIn(method, url, headers)).toBeNull();
  });
});

describe('a plain request is answered as tRPC answers it', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = fixtureServer();
    await app.ready();
  });
  afterAll(() => app.close());

  const send = async ({ headers, ...request }: InjectOptions, more: Record<string, string> = {}) => {
    const sent = { authorization: 'Bearer owner', ...headers, ...more };
    const { statusCode, headers: got, body } = await app.inject({ ...request, headers: sent });
    const { date: _date, vary, ...rest } = got;
    // What goes through tRPC is never compressed.
    return { statusCode, headers: { ...rest, vary: String(vary).replace(', accept-encoding', '') }, body };
  };

  const get = (path: string, input?: unknown, headers = {}): InjectOptions => ({
    method: 'GET',
    url: `/trpc/${path}${path.includes('?') ? '&' : '?'}input=${encodeURIComponent(JSON.stringify(input) ?? '')}`,
    headers,
  });
  const post = (path: string, payload: unknown, headers = {}): InjectOptions => ({
    method: 'POST',
    url: `/trpc/${path}`,
    headers: { ...json, ...headers },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
  const one = { id: noteId };
  const other = { id: organizationId };

  test.each<[string, InjectOptions, number]>([
    ['a read', get('notes.get', one), 200],
    ['a read that the client has', get('notes.get', one, { 'if-none-match': '*' }), 200],
    ['a read without input', get('notes.list'), 200],
    ['a read with an escaped name', { method: 'GET', url: '/trpc/notes.list?%69nput=%7B%22limit%22%3A1%7D' }, 200],
    ['a read with a plus', { method: 'GET', url: '/trpc/notes.list?input={"search":"a+b"}' }, 200],
    ['a read with broken UTF-8', { method: 'GET', url: '/trpc/notes.list?input={"search":"%ff"}' }, 200],
    ['HEAD', { ...get('notes.get', one), method: 'HEAD' }, 200],
    ['nothing', get('notes.get', other), 404],
    ['anonymous', get('notes.get', one, { authorization: '' }), 401],
    ['the wrong permission', post('notes.create', {}, { authorization: 'Bearer viewer' }), 403],
    ['a write', post('notes.create', { title: 'a' }), 200],
    ['a write without an answer', post('notes.delete', one), 200],
    ['a replay', post('notes.update', one, { 'idempotency-key': 'replayed' }), 200],
    ['a dry run', post('notes.update', one, { 'dry-run': 'true' }), 200],
    ['another version', post('notes.update', one, { 'if-match': '"9"' }), 412],
    ['a crash', post('notes.create', { title: 'crash' }), 500],
    ['a limit', post('notes.create', { title: 'limit' }), 402],
    ['what may be tried again', post('notes.create', { title: 'locked' }), 409],
    ['a mark of byte order', post('notes.create', '\ufeff{"title":"a"}'), 200],
    ['no JSON', post('notes.create', '{'), 400],
    ['no object', post('notes.create', '[]'), 400],
    ['a member twice', post('notes.create', '{"title":"a","title":"b"}'), 400],
    ['a batch of one', get('notes.get?batch=1', { 0: one }), 200],
    ['a batch of reads', get('notes.get,notes.list?batch=1', { 0: one }), 200],
    ['a batch of failures', get('notes.get,notes.get?batch=1', { 0: other, 1: other }), 404],
    ['a mixed outcome', get('notes.get,notes.get?batch=1', { 0: one, 1: other }), 207],
    ['a batch of writes', post('notes.create,notes.delete?batch=1', { 0: { title: 'locked' }, 1: one }), 207],
    ['a batch with a member twice', post('notes.create,notes.delete?batch=1', '{"1":{"id":1,"id":1}}'), 400],
    ['a batch of one crash', post('notes.create?batch=1', { 0: { title: 'crash' } }), 500],
    ['a batch that is no object', post('notes.create?batch=1', '[1]'), 400],
    ['a batch that is no JSON', post('notes.create,notes.create?batch=1', '{'), 400],
    ['an unknown call in a batch', get('notes.list,notes.nothing?batch=1', {}), 207],
    ['reads and writes in a batch', post('notes.list,notes.create?batch=1', {}), 400],
  ])('%s', async (_what, request, status) => {
    const ours = await send(request);
    expect(ours).toEqual(await send(request, { 'trpc-accept': 'application/json' }));
    expect(ours.statusCode).toBe(status);
  });

  interface Lines {
    [index: string]: Promise<{ error?: unknown; result?: Promise<{ data: Promise<unknown> }> }>;
  }

  /** Puts together the answers in the lines of a body, as tRPC's own client does. */
  async function answersIn(body: string): Promise<unknown[]> {
    const [answers] = await jsonlStreamConsumer<Lines>({
      from: new Blob([body]).stream(),
      abortController: new AbortController(),
    });
    return Promise.all(
      Object.values(answers).map(async (answer) => {
        const { error, result } = await answer;
        return error ? { error } : { data: await (await result)?.data };
      }),
    );
  }

  test.each<[string, InjectOptions]>([
    ['a batch of one', get('notes.get?batch=1', { 0: one })],
    ['reads', get('notes.get,notes.list?batch=1', { 0: one })],
    ['failures', get('notes.get,notes.get?batch=1', { 0: other, 1: one })],
    ['writes, one of them without an answer', post('notes.create,notes.delete?batch=1', { 0: { title: 'a' }, 1: one })],
    ['a crash', post('notes.create,notes.create?batch=1', { 0: { title: 'crash' }, 1: {} })],
    ['what is no JSON', post('notes.create,notes.create?batch=1', '{')],
    ['anonymous calls', get('notes.get,notes.list?batch=1', { 0: one }, { authorization: '' })],
  ])('in lines: %s', async (_what, request) => {
    const ours = await send(request, { 'trpc-accept': 'application/jsonl' });
    // With this header tRPC answers in lines itself.
    const theirs = await send(request, { accept: 'application/jsonl' });
    expect({ ...ours, body: null }).toEqual({ ...theirs, body: null });
    const answers = await answersIn(ours.body);
    // tRPC writes up to three lines for a call.
    expect(ours.body.trimEnd().split('\n')).toHaveLength(1 + answers.length);
    expect(answers).toEqual(await answersIn(theirs.body));
  });
});
