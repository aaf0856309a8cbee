import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { errors } from '@tenon/core';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { serverOptions, tenonApi } from '../plugin.ts';
import { fixturePlatform } from '../testing/fixture.ts';
import { heading, router } from '../trpc.ts';
import { MultipartFile } from './upload.ts';

const { mutation, upload } = heading({ name: 'Files', description: '' });

const Received = z.object({ id: z.string(), name: z.string(), mediaType: z.string(), size: z.int() });

const fileRouter = router({
  files: router({
    upload: upload({
      rest: 'POST /files/{id}',
      access: 'user',
      organization: 'required',
      summary: 'Upload',
      status: 201,
      input: z.strictObject({ id: z.string() }),
      output: Received,
      location: () => '/files/1',
      problems: [errors.limit_exceeded],
      run: async (_ctx, { id }, file) =>
        file.receive(async ({ name, mediaType, content }) => {
          if (id === 'refused') throw errors.limit_exceeded();
          let size = 0;
          for await (const chunk of content) size += chunk.length;
          return { id, name, mediaType, size };
        }),
    }),
    note: mutation({
      rest: 'POST /notes',
      access: 'user',
      summary: 'Note',
      input: z.strictObject({ text: z.string() }),
      output: z.object({ text: z.string() }),
      run: async (_ctx, input) => input,
    }),
  }),
});

let app: FastifyInstance;
let port: number;
beforeAll(async () => {
  // As apps/server sets them, but a hundred times shorter.
  const http = { ...serverOptions.http, requestTimeout: 300, headersTimeout: 300, connectionsCheckingInterval: 50 };
  app = Fastify({ ...serverOptions, http, requestTimeout: 300 });
  await app.register(tenonApi, { platform: fixturePlatform, router: fileRouter, checkOutputs: true });
  await app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = app.server.address() as AddressInfo);
});
afterAll(() => app.close());

const boundary = 'x-boundary';
const part = (head: string, body: string) => `--${boundary}\r\n${head}\r\n\r\n${body}\r\n`;
const file = (body: string, name = 'a.txt', type = '') =>
  part(`Content-Disposition: form-data; name="file"; filename="${name}"${type && `\r\nContent-Type: ${type}`}`, body);
const end = `--${boundary}--\r\n`;

const send = async (
  payload: string,
  { id = '1', headers = {} }: { id?: string; headers?: Record<string, string> } = {},
) => {
  const response = await app.inject({
    method: 'POST',
    url: `/api/v1/files/${id}`,
    headers: {
      authorization: 'Bearer owner',
      'content-type': `multipart/form-data; boundary=${boundary}`,
      ...headers,
    },
    payload,
  });
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() };
};

describe('an upload', () => {
  it('is read as the part `file`', async () => {
    expect(await send(file('hello', 'a.txt', 'text/csv') + end)).toEqual({
      status: 201,
      body: { id: '1', name: 'a.txt', mediaType: 'text/csv', size: 5 },
    });
    expect((await send(part('Content-Disposition: form-data; name="file"', 'x') + end)).body).toMatchObject({
      name: '',
      mediaType: '',
      size: 1,
    });
    expect((await send(file('') + end)).body).toMatchObject({ size: 0 });
  });

  it.each([
    ['has no file', end, '/body/file'],
    ['has no parts at all', '', '/body'],
    ['has two files', file('a') + file('b') + end, '/body/file'],
    [
      'has a field before the file',
      part('Content-Disposition: form-data; name="a/b"', 'x') + file('a') + end,
      '/body/a~1b',
    ],
    ['has a field after the file', file('a') + part('Content-Disposition: form-data; name="b"', 'x') + end, '/body/b'],
    ['breaks off', file('a'), '/body'],
    ['breaks off in the file', file('a'.repeat(1000)).slice(0, -500), '/body'],
    ['is no form', 'hello', '/body'],
  ])('is refused when it %s', async (_what, payload, path) => {
    expect(await send(payload)).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ path }] },
    });
  });

  it('is refused without a boundary, and in another media type', async () => {
    const headers = { 'content-type': 'multipart/form-data' };
    expect(await send(file('a') + end, { headers })).toMatchObject({
      status: 400,
      body: { code: 'validation_failed' },
    });
    expect(await send('{}', { headers: { 'content-type': 'application/json' } })).toMatchObject({
      status: 415,
      body: { detail: 'Send the body as multipart/form-data.' },
    });
  });

  it('is refused before it is read', async () => {
    expect(await send(file('a') + end, { headers: { authorization: '' } })).toMatchObject({ status: 401 });
  });

  it('is answered as soon as its content is refused', async () => {
    expect(await send(file('a'.repeat(500_000)) + end, { id: 'refused' })).toMatchObject({
      status: 402,
      body: { code: 'limit_exceeded' },
    });
  });
});

describe('over a slow connection', () => {
  /** Sends pieces of a request, with pauses, and answers the first line of the response. */
  async function trickle(path: string, type: string, pieces: readonly string[], pauseMs: number): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket
      .setEncoding('utf8')
      .on('data', (text: string) => (answer += text))
      .on('error', () => {});
    const length = Buffer.byteLength(pieces.join(''));
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer owner\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`,
    );
    for (const piece of pieces) {
      await delay(pauseMs);
      if (!socket.writable) break;
      socket.write(piece);
    }
    if (!socket.closed) await once(socket, 'close');
    return answer.split('\r\n')[0] ?? '';
  }

  it('an upload may take longer than any other body, as long as it goes on', async () => {
    const payload = file('x'.repeat(80_000)) + end;
    const pieces = Array.from({ length: 10 }, (_, at) => payload.slice(at * 9000, (at + 1) * 9000));
    const type = `multipart/form-data; boundary=${boundary}`;
    expect(await trickle('/api/v1/files/1', type, pieces, 80)).toBe('HTTP/1.1 201 Created');
    const json = ['{"te', 'xt":', '"hel', 'lo, ', 'worl', 'd, i', 't is', ' me,', ' sir', '"}'];
    expect(await trickle('/api/v1/notes', 'application/json', json, 80)).toBe('HTTP/1.1 408 Request Timeout');
  });

  describe('with little of it', () => {
    afterEach(() => void vi.useRealTimers());

    it('an upload is cut off', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
      const raw = Object.assign(new PassThrough(), { complete: false, socket: new PassThrough() });
      const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
      const incoming = new MultipartFile({ raw, headers } as unknown as FastifyRequest);
      let size = 0;
      const received = incoming.receive(async ({ content }) => {
        for await (const chunk of content) size += chunk.length;
      });
      const thrown = received.catch((error: unknown) => error);
      raw.write(file('x'.repeat(100_000)).slice(0, -2));
      await vi.advanceTimersByTimeAsync(30_000);
      raw.write('x'.repeat(20_000));
      await vi.advanceTimersByTimeAsync(30_000);
      expect(await thrown).toMatchObject({ problem: 'request_timeout' });
      expect(size).toBeGreaterThan(100_000);
      // What still comes is read for a while, so that the client gets the answer.
      expect(raw.socket.destroyed).toBe(false);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(raw.socket.destroyed).toBe(true);
    });
  });
});
