import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type EventStream, secret } from '@tenon/core';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fixtureServer } from '../testing/fixture.ts';
import { heading, router } from '../trpc.ts';

const { query, mutation, stream } = heading({ name: 'Papers', description: 'Long ones.' });

const Paper = z.object({ id: z.string(), text: z.string(), version: z.int() });
const paper = (id: string) => ({ id, text: 'Ω is long. '.repeat(Number(id)), version: 3 });
const ById = z.strictObject({ id: z.string() });

/** A stream of two frames, which are longer together than what is compressed elsewhere. */
function streamOfTwo(): EventStream {
  const frames = [1, 2].map((sequence) => ({ kind: 'hidden', sequence, entity: { type: 'x'.repeat(900), id: 'a' } }));
  return {
    position: 0,
    ended: new AbortController().signal,
    close: () => {},
    next: async () => (frames.shift() ?? null) as Awaited<ReturnType<EventStream['next']>>,
  };
}

const papers = router({
  papers: router({
    list: query({
      rest: 'GET /papers',
      access: 'task:read',
      summary: 'List papers',
      input: z.strictObject({ times: z.int() }),
      output: z.object({ data: z.array(z.string()) }),
      run: async (_ctx, { times }) => ({ data: Array(times).fill('A line of a paper.') }),
    }),
    get: query({
      rest: 'GET /papers/{id}',
      access: 'task:read',
      summary: 'Read a paper',
      revalidates: true,
      input: ById,
      output: Paper,
      run: async (_ctx, { id }) => paper(id),
    }),
    update: mutation({
      rest: 'PATCH /papers/{id}',
      access: 'task:read',
      summary: 'Change a paper',
      versioned: true,
      input: ById,
      output: Paper,
      run: async ({ mutation: { ifMatch } = {} }, { id }) => ({ ...paper(id), version: ifMatch === 3 ? 4 : 0 }),
    }),
    key: query({
      rest: 'GET /key',
      access: 'task:read',
      summary: 'Read a secret',
      output: z.object({ key: secret(z.string()), text: z.string() }),
      run: async () => ({ key: 'k', text: 'x'.repeat(9000) }),
    }),
    watch: stream({
      rest: 'GET /watch',
      access: 'task:read',
      summary: 'Watch',
      output: z.unknown(),
      events: { 'entity.hidden': z.unknown() },
      run: async () => streamOfTwo(),
    }),
  }),
});

const serve = (compress: boolean): FastifyInstance => {
  const app = fixtureServer({ router: papers, compress, checkOutputs: false });
  app.addHook('onRequest', async (_request, reply) => void reply.header('vary', 'Origin'));
  return app;
};

let app: FastifyInstance;
let plain: FastifyInstance;
beforeAll(async () => {
  app = serve(true);
  plain = serve(false);
  await Promise.all([app.ready(), plain.ready()]);
});
afterAll(async () => {
  await Promise.all([app.close(), plain.close()]);
});

async function send(url: string, headers: Record<string, string> = {}, options: InjectOptions = {}, from = app) {
  const sent = { authorization: 'Bearer owner', ...headers };
  const { statusCode, headers: got, rawPayload } = await from.inject({ url, ...options, headers: sent });
  const { 'content-encoding': coding, vary, etag, 'content-length': length } = got;
  const decode = { br: brotliDecompressSync, gzip: gunzipSync }[rawPayload.length === 0 ? '' : String(coding)];
  const text = String(decode?.(rawPayload) ?? rawPayload);
  return { status: statusCode, coding, vary, etag, length, sent: rawPayload, text };
}

const list = (times: number) => `/api/v1/papers?times=${times}`;
const trpcList = (times: number) => `/trpc/papers.list?input=${encodeURIComponent(JSON.stringify({ times }))}`;
const batch = (names: string) => `/trpc/${names}?batch=1&input=${encodeURIComponent('{"0":{"times":200}}')}`;

describe('a long answer', () => {
  test.each([
    ['a list', list(200), 'Origin, accept-encoding'],
    ['a list over tRPC', trpcList(200), 'Origin, trpc-accept, accept, accept-encoding'],
    ['a batch', batch('papers.list'), 'Origin, trpc-accept, accept, accept-encoding'],
  ])('%s is sent in the coding that the client prefers, and says that it depends on that', async (_what, url, vary) => {
    const identity = await send(url);
    expect(identity).toMatchObject({ coding: undefined, vary });
    for (const coding of ['br', 'gzip']) {
      const answer = await send(url, { 'accept-encoding': coding });
      expect(answer).toMatchObject({
        status: 200,
        coding,
        vary,
        text: identity.text,
        length: String(answer.sent.length),
      });
      expect(answer.sent.length).toBeLessThan(identity.sent.length / 10);
      const head = await send(url, { 'accept-encoding': coding }, { method: 'HEAD' });
      expect(head).toMatchObject({ coding, vary, length: answer.length, text: '' });
    }
  });

  test.each([
    ['a short list', list(40), app],
    ['a secret', '/api/v1/key', app],
    ['a secret over tRPC', '/trpc/papers.key', app],
    ['a batch with a secret', batch('papers.list,papers.key'), app],
    ['an object of a few kB, whose ETag people read,', '/api/v1/papers/200', app],
    ['a stream', '/api/v1/watch', app],
    ['a stream over tRPC', '/trpc/papers.watch', app],
  ])('%s is sent as it is', async (_what, url) => {
    const { status, coding, vary } = await send(url, { 'accept-encoding': 'br, gzip' });
    expect([status, coding]).toEqual([200, undefined]);
    expect(vary).not.toContain('encoding');
  });

  test('is sent as it is by a server that does not compress', async () => {
    const answer = await send(list(200), { 'accept-encoding': 'br' }, {}, plain);
    expect(answer).toMatchObject({ coding: undefined, vary: 'Origin' });
  });
});

describe('the ETag of a compressed answer', () => {
  test.each(['br', 'gzip'])('names the coding %s, and works wherever the plain one does', async (coding) => {
    const url = '/api/v1/papers/900';
    const headers = { 'accept-encoding': coding };
    expect(await send(url)).toMatchObject({ etag: '"3"', coding: undefined });
    const etag = `"3-${coding}"`;
    expect(await send(url, headers)).toMatchObject({ etag, coding });
    for (const [tags, known] of [
      [etag, etag],
      [`W/${etag}`, etag],
      [`"2", ${etag}`, etag],
      ['"3"', '"3"'],
      ['*', '"3"'],
    ])
      expect(await send(url, { ...headers, 'if-none-match': String(tags) })).toMatchObject({
        status: 304,
        etag: known,
        vary: 'Origin, accept-encoding',
        text: '',
      });
    expect(await send(url, { ...headers, 'if-none-match': `"2-${coding}"` })).toMatchObject({ status: 200 });

    const change = (tag: string) =>
      send(
        '/api/v1/papers/1',
        { 'if-match': tag, 'content-type': 'application/json' },
        { method: 'PATCH', payload: '{}' },
      );
    expect(await change(etag)).toMatchObject({ status: 200, etag: '"4"' });
    // The service of the fixture was given no version by these.
    for (const tag of [`W/${etag}`, '"3-zstd"', `"3-${'0'.repeat(31)}"`])
      expect(await change(tag)).toMatchObject({ status: 200, etag: '"0"' });
    expect(await change(`"3-${'0'.repeat(32)}-${coding}"`)).toMatchObject({ etag: '"4"' });
  });
});
