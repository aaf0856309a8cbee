import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { serverOptions, tenonApi } from '../plugin.ts';
import { fixturePlatform } from '../testing/fixture.ts';
import { heading, router } from '../trpc.ts';
import { rangeOf } from './download.ts';

test.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=2-4', { start: 2, end: 4 }],
  ['bytes=2-', { start: 2, end: 9 }],
  ['bytes=2-99', { start: 2, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['bytes= 2 - 4', { start: 2, end: 4 }],
])('%s of 10 bytes', (header, range) => {
  expect(rangeOf(header, 10)).toEqual(range);
});

test.each([undefined, '', 'bytes=', 'bytes=-', 'bytes=4-2', 'bytes=a-b', 'bytes=0-1,3-4', 'lines=0-1', 'bytes=0'])(
  '%s is the whole file',
  (header) => {
    expect(rangeOf(header, 10)).toBeNull();
  },
);

test.each([
  ['bytes=10-', 10],
  ['bytes=10-20', 10],
  ['bytes=-0', 10],
  ['bytes=0-', 0],
])('%s of %i bytes is nothing', (header, size) => {
  expect(() => rangeOf(header, size)).toThrow(
    expect.objectContaining({ status: 416, headers: { 'content-range': `bytes */${size}` } }),
  );
});

test('a file that the storage serves is answered with its address, and is known by its ETag', async () => {
  const { download } = heading({ name: 'Files', description: '' });
  const location = 'https://storage.example.com/file?signature=x';
  const file = { mediaType: 'text/plain', disposition: 'attachment', size: 3, sha256: 'abc', content: { location } };
  const files = router({
    file: download({ rest: 'GET /file', access: 'public', summary: 'Download', run: async () => file }),
  });
  const app = Fastify(serverOptions);
  await app.register(tenonApi, { platform: fixturePlatform, router: router({ files }) });
  const found = await app.inject('/api/v1/file');
  expect(found.statusCode).toBe(302);
  expect(found.headers).toMatchObject({ location, 'cache-control': 'no-store' });
  const known = await app.inject({ url: '/api/v1/file', headers: { 'if-none-match': '"abc"' } });
  expect([known.statusCode, known.headers['etag']]).toEqual([304, '"abc"']);
  await app.close();
});
