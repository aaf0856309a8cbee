import { connect } from 'node:net';
import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { errorCodes, type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kinds } from '../errors.ts';
import { fixtureServer } from '../testing/fixture.ts';
import { toHttpError } from './failures.ts';

let app: FastifyInstance;
let port: number;
beforeAll(async () => {
  app = fixtureServer();
  app.get('/boom', async () => {
    throw new Error('secret');
  });
  port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port);
});
afterAll(() => app.close());

/** Sends bytes that no HTTP library would send. Answers what the server writes back. */
async function exchange(bytes: string) {
  const text = await new Promise<string>((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
    socket.on('close', () => resolve(received)).on('error', reject);
  });
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { head, body: JSON.parse(body) };
}

test.each([
  [
    'headers of 20 KiB',
    `GET / HTTP/1.1\r\nHost: a\r\nX-Big: ${'a'.repeat(20_000)}\r\n\r\n`,
    431,
    'header_fields_too_large',
  ],
  ['no HTTP', 'HELLO\r\n\r\n', 400, 'bad_request'],
  ['a header with a control character', 'GET / HTTP/1.1\r\nHost: a\r\nX: \u0001\r\n\r\n', 400, 'bad_request'],
])('%s', async (_what, bytes, status, code) => {
  const { head, body } = await exchange(bytes);
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toContain('Content-Type: application/problem+json');
  expect(head).toContain(`X-Request-Id: ${body.requestId}`);
  expect(body).toMatchObject({ type: `urn:tenon:problem:${code}`, status, code });
});

test('every kind has its own status, and tRPC a code for it', () => {
  const statuses = Object.values(kinds).map(({ status }) => status);
  expect(new Set(statuses).size).toBe(statuses.length);
});

describe('a server without serverOptions', () => {
  test('is refused at start', async () => {
    const { default: Fastify } = await import('fastify');
    const { tenonApi } = await import('../plugin.ts');
    const { fixturePlatform } = await import('../testing/fixture.ts');
    const bare = Fastify();
    await expect(bare.register(tenonApi, { platform: fixturePlatform })).rejects.toThrow('serverOptions');
  });
});

describe('every error of a framework', () => {
  /** The status that Fastify would answer itself, by its code. */
  const fastifyStatuses = Object.entries(errorCodes).map(([code, Failure]) => {
    const { statusCode = 500 } = new Failure();
    return [code, statusCode, new Failure()] as const;
  });

  test.each(fastifyStatuses)(
    '%s of Fastify, %i, is the same for a client, or our mistake',
    (_code, status, failure) => {
      expect(toHttpError(failure).status).toBe(status < 500 ? status : 500);
    },
  );

  const codes = Object.keys(TRPC_ERROR_CODES_BY_KEY) as TRPCError['code'][];
  const isOurMistake = (code: TRPCError['code']) => getHTTPStatusCodeFromError(new TRPCError({ code })) >= 500;

  test.each(codes.filter(isOurMistake))('%s of tRPC is our mistake', (code) => {
    expect(toHttpError(new TRPCError({ code })).problem).toBe('internal');
  });

  test.each(codes.filter((code) => !isOurMistake(code)))("%s of tRPC is the client's", (code) => {
    expect(toHttpError(new TRPCError({ code })).status).toSatisfy((status: number) => status >= 400 && status < 500);
  });

  test.each([...Object.getOwnPropertyNames(Object.prototype), 7, null, undefined])('code %s is not known', (code) => {
    expect(toHttpError(Object.assign(new Error('x'), { code })).problem).toBe('internal');
  });
});
