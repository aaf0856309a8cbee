import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { fixtureServer } from '../testing/fixture.ts';
import { rewriteUrl } from './aliases.ts';

let app: FastifyInstance;
beforeAll(async () => {
  app = fixtureServer();
  await app.ready();
});
afterAll(() => app.close());

const authorization = 'Bearer owner';
const anything = fc.string({ unit: 'binary' });
const name = fc.oneof(
  anything,
  fc.constantFrom('limit', 'ratio', 'archived', 'color', 'search', 'cursor', '__proto__'),
);

/** Every request gets an answer of ours: a success, or a problem that names the wrong fields. */
function expectAnswer({ statusCode, headers, body }: Awaited<ReturnType<typeof app.inject>>): void {
  const wrong: unknown[] = statusCode === 400 ? JSON.parse(body).errors : [];
  expect({ statusCode, type: headers['content-type'], named: wrong.length > 0 }).toEqual({
    statusCode: expect.toSatisfy((status: number) => status < 500),
    type: statusCode < 400 ? 'application/json; charset=utf-8' : 'application/problem+json',
    named: statusCode === 400,
  });
}

test('whatever the query is', async () => {
  const encoded = (text: string) => encodeURIComponent(text.toWellFormed());
  const pair = fc.tuple(name, anything).map(([key, value]) => `${encoded(key)}=${encoded(value)}`);
  const raw = fc.string({ unit: fc.constantFrom('%', '0', 'f', 'e', '=', '&', '+', 'limit', '1', '%00', '%ED%A0%80') });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(pair, raw), { maxLength: 6 }), async (parts) => {
      expectAnswer(await app.inject({ url: `/api/v1/notes?${parts.join('&')}`, headers: { authorization } }));
    }),
    { numRuns: 300 },
  );
});

test('whatever the body is', async () => {
  const body = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc
      .dictionary(fc.oneof(anything, fc.constantFrom('title', 'color', 'tags', 'data', 'constructor')), fc.jsonValue())
      .map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(body, async (payload) => {
      const headers = { authorization, 'content-type': 'application/json' };
      expectAnswer(await app.inject({ method: 'POST', url: '/api/v1/notes', headers, payload }));
    }),
    { numRuns: 300 },
  );
});

test('an alias is rewritten once, and the rest of the URL is kept', () => {
  fc.assert(
    fc.property(fc.webPath(), fc.webQueryParameters(), (path, query) => {
      const url = rewriteUrl({ url: `/api${path}?${query}` });
      expect(url.endsWith(`?${query}`)).toBe(true);
      expect(url.startsWith('/api/v1')).toBe(true);
      expect(rewriteUrl({ url })).toBe(url);
      expect(rewriteUrl({ url: path.replace(/^\/api(?=\/|$)/, '/apis') })).toBe(
        path.replace(/^\/api(?=\/|$)/, '/apis'),
      );
    }),
  );
});
