import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Deprecation } from './meta.ts';
import { buildDocument } from './rest/openapi.ts';
import { fixtureServer } from './testing/fixture.ts';
import { heading, router } from './trpc.ts';

const { query, mutation } = heading({ name: 'Songs', description: 'Old and new ones.' });
const shared = { access: 'task:read', summary: 'Sing' } as const;
const output = z.object({ sung: z.boolean() });
const run = async () => ({ sung: true });

const sing = (deprecated: Deprecation) => query({ ...shared, rest: 'GET /songs', deprecated, output, run });
const songs = {
  sing: sing({ since: '2026-01-31', sunset: '2026-12-31', replacedBy: 'songs.perform' }),
  hum: mutation({ ...shared, rest: 'POST /hums', deprecated: { since: '2026-02-01' }, output, run }),
  perform: query({ ...shared, rest: 'GET /performances', output, run }),
};
const songRouter = router({ songs: router(songs) });
const info = { title: 'Songs', version: '1.0.0', description: 'For tests.' };

let app: FastifyInstance;
beforeAll(async () => {
  app = fixtureServer({ router: songRouter });
  await app.ready();
});
afterAll(() => app.close());

const headersOf = async (method: 'GET' | 'HEAD' | 'POST', url: string, token = 'owner') => {
  const { statusCode, headers } = await app.inject({ method, url, headers: { authorization: `Bearer ${token}` } });
  return [statusCode, headers['deprecation'], headers['sunset']];
};

describe('a deprecated operation', () => {
  const announced = ['@1769817600', 'Thu, 31 Dec 2026 00:00:00 GMT'];

  test('says so with every answer, over REST and tRPC', async () => {
    expect(await headersOf('GET', '/api/v1/songs')).toEqual([200, ...announced]);
    expect(await headersOf('HEAD', '/api/v1/songs')).toEqual([200, ...announced]);
    expect(await headersOf('GET', '/api/v1/songs?loud=true')).toEqual([400, ...announced]);
    expect(await headersOf('GET', '/api/v1/songs', 'nobody')).toEqual([401, ...announced]);
    expect(await headersOf('GET', '/trpc/songs.sing')).toEqual([200, ...announced]);
    expect(await headersOf('GET', '/trpc/songs.sing', 'nobody')).toEqual([401, ...announced]);
    expect(await headersOf('POST', '/api/v1/hums')).toEqual([200, '@1769904000', undefined]);
  });

  test('does not speak for the others', async () => {
    expect(await headersOf('GET', '/api/v1/performances')).toEqual([200, undefined, undefined]);
    expect(await headersOf('GET', '/trpc/songs.perform')).toEqual([200, undefined, undefined]);
    // In a batch nothing says which call a header belongs to.
    expect(await headersOf('GET', '/trpc/songs.sing,songs.perform?batch=1')).toEqual([200, undefined, undefined]);
  });

  test('is deprecated in the document, which says until when it works and what replaces it', () => {
    const { paths, components } = JSON.parse(JSON.stringify(buildDocument(songRouter, info)));
    expect(paths['/api/v1/songs'].get).toMatchObject({
      deprecated: true,
      description: expect.stringContaining(
        'Deprecated since 2026-01-31. It may be removed after 2026-12-31. Use `songs.perform` instead.',
      ),
      responses: {
        200: {
          headers: {
            Deprecation: { $ref: '#/components/headers/Deprecation' },
            Sunset: { $ref: '#/components/headers/Sunset' },
          },
        },
      },
    });
    expect(Object.keys(paths['/api/v1/hums'].post.responses[200].headers)).not.toContain('Sunset');
    expect(paths['/api/v1/performances'].get).not.toHaveProperty('deprecated');
    expect(components.headers).toHaveProperty('Sunset');
  });
});

test.each([
  ['a day that does not exist', { since: '2026-13-31' }, '2026-13-31 is not a day'],
  ['an instant', { since: '2026-01-31T09:00:00Z' }, 'is not a day'],
  ['a short notice', { since: '2026-01-31', sunset: '2026-07-29' }, 'at least 180 days'],
])('%s is refused at start', (_what, deprecated, message) => {
  expect(() => sing(deprecated)).toThrow(message);
});

test.each(['songs.whistle', 'songs.hum'])(
  '%s cannot replace it, because it does not exist or is deprecated',
  (name) => {
    const other = router({ songs: router({ ...songs, sing: sing({ since: '2026-01-31', replacedBy: name }) }) });
    expect(() => buildDocument(other, info)).toThrow(`songs.sing cannot be replaced by ${name}`);
  },
);
