import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Asset } from './asset.ts';

const type = 'text/javascript; charset=utf-8';
const text = 'const answer = "Ω";\n'.repeat(500);

let app: FastifyInstance;
beforeAll(async () => {
  app = Fastify();
  const asset = new Asset(type, text);
  app.get('/script.js', async (_request, reply) => asset.send(reply.header('vary', 'Origin')));
  await app.ready();
});
afterAll(() => app.close());

async function ask(headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') {
  const { statusCode, headers: got, rawPayload } = await app.inject({ method, url: '/script.js', headers });
  const { etag, vary, 'content-encoding': coding, 'content-type': mediaType, 'content-length': length } = got;
  return { status: statusCode, etag: String(etag), vary, coding, type: mediaType, length, sent: rawPayload };
}

test('is sent in the coding that the client prefers, each with an ETag of its own', async () => {
  const plain = await ask({});
  expect(plain).toMatchObject({ status: 200, coding: undefined, type, vary: 'Origin, accept-encoding' });
  expect(plain.etag).toMatch(/^"[0-9a-f]{32}"$/);
  expect(plain.sent.toString()).toBe(text);
  for (const [coding, decode] of [['br', brotliDecompressSync] as const, ['gzip', gunzipSync] as const]) {
    const headers = { 'accept-encoding': coding };
    const encoded = await ask(headers);
    const etag = plain.etag.replace(/"$/, `-${coding}"`);
    expect(encoded).toMatchObject({ status: 200, coding, type, etag, vary: 'Origin, accept-encoding' });
    expect(decode(encoded.sent).toString()).toBe(text);
    expect(await ask(headers)).toEqual(encoded);
    const head = await ask(headers, 'HEAD');
    expect(head).toEqual({ ...encoded, sent: Buffer.alloc(0) });
  }
});

test('is not sent to clients that have it in any coding', async () => {
  const { etag } = await ask({});
  const { etag: encoded } = await ask({ 'accept-encoding': 'br' });
  for (const coding of ['br', 'identity'])
    for (const [tags, known] of [
      [etag, etag],
      [encoded, encoded],
      [`W/${encoded}`, encoded],
      [`"other", ${encoded}`, encoded],
      ['*', etag],
    ] as const) {
      const answer = await ask({ 'accept-encoding': coding, 'if-none-match': tags });
      expect(answer).toMatchObject({ status: 304, etag: known, vary: 'Origin, accept-encoding', coding: undefined });
      expect(answer.sent).toHaveLength(0);
    }
  expect(await ask({ 'if-none-match': '"other"' })).toMatchObject({ status: 200, etag });
});
