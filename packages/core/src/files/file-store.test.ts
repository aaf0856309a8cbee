import { createServer } from 'node:http';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import S3rver from 's3rver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenSettings } from '../testing/settings.ts';
import type { FileStore } from './file-store.ts';
import { openFileStore } from './open-store.ts';

const sentAs = { mediaType: 'text/plain', disposition: 'attachment; filename="a.txt"' };

async function* chunks(...texts: string[]) {
  for (const one of texts) yield Buffer.from(one);
}

async function* broken() {
  yield Buffer.alloc(64 * 1024, 'x');
  throw new Error('The client has gone.');
}

async function contentOf(store: FileStore, key: string): Promise<string> {
  const content = await store.contentOf(key, sentAs);
  return 'location' in content ? (await fetch(content.location)).text() : text(content.read());
}

async function all(store: FileStore, folder: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list(folder)) keys.push(key);
  return keys;
}

/** What both stores do. */
function behavesAsStore(open: () => FileStore): void {
  it('keeps what was written', async () => {
    const store = open();
    await store.write('organizations/a/attachments/1', chunks('Hello, ', 'world'));
    expect(await contentOf(store, 'organizations/a/attachments/1')).toBe('Hello, world');
    const writtenAt = await store.writtenAt('organizations/a/attachments/1');
    expect(Math.abs((writtenAt?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it('keeps an empty file', async () => {
    const store = open();
    await store.write('organizations/a/attachments/empty', chunks());
    expect(await contentOf(store, 'organizations/a/attachments/empty')).toBe('');
  });

  it('lists a folder and what is below, and a missing folder as empty', async () => {
    const store = open();
    await store.write('organizations/list/attachments/1', chunks('1'));
    await store.write('organizations/list/other/2', chunks('2'));
    expect((await all(store, 'organizations/list')).toSorted()).toEqual([
      'organizations/list/attachments/1',
      'organizations/list/other/2',
    ]);
    expect(await all(store, 'organizations/none')).toEqual([]);
  });

  it('deletes a file, and minds no missing one', async () => {
    const store = open();
    await store.write('organizations/a/attachments/2', chunks('2'));
    for (const _ of [1, 2]) await store.delete('organizations/a/attachments/2');
    expect(await store.writtenAt('organizations/a/attachments/2')).toBeNull();
  });

  it('keeps nothing of content that breaks off', async () => {
    const store = open();
    await expect(store.write('organizations/broken/attachments/1', broken())).rejects.toThrow('The client has gone.');
    expect(await all(store, 'organizations/broken')).toEqual([]);
    expect(await all(store, 'unfinished')).toEqual([]);
  });
}

describe('a folder', () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'tenon-store-'));
  const open = () => openFileStore({ ...tokenSettings, dataDirectory });
  afterAll(() => rmSync(dataDirectory, { recursive: true }));

  behavesAsStore(open);

  it('shows a file under its name only when it is whole', async () => {
    const store = open();
    const path = join(dataDirectory, 'uploads/organizations/whole/attachments/1');
    const seen: boolean[] = [];
    async function* watched() {
      yield Buffer.from('a');
      seen.push(existsSync(path));
      yield Buffer.from('b');
    }
    await store.write('organizations/whole/attachments/1', watched());
    expect(seen).toEqual([false]);
    expect(readFileSync(path, 'utf8')).toBe('ab');
    expect(readdirSync(join(dataDirectory, 'uploads/unfinished'))).toEqual([]);
  });

  it('reads a part', async () => {
    const store = open();
    await store.write('organizations/a/attachments/part', chunks('0123456789'));
    const content = await store.contentOf('organizations/a/attachments/part', sentAs);
    if ('location' in content) throw new Error('A folder serves nothing itself.');
    expect(await text(content.read({ start: 2, end: 4 }))).toBe('234');
  });

  it('knows when a file was written', async () => {
    const store = open();
    await store.write('organizations/a/attachments/old', chunks('old'));
    const path = join(dataDirectory, 'uploads/organizations/a/attachments/old');
    utimesSync(path, new Date(0), new Date(0));
    expect(statSync(path).mtimeMs).toBe(0);
    expect(await store.writtenAt('organizations/a/attachments/old')).toEqual(new Date(0));
  });
});

describe('S3', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tenon-s3-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: 'tenon-files', configs: [] }],
  });
  let endpoint: string;
  beforeAll(async () => {
    const { port } = await server.run();
    endpoint = `http://127.0.0.1:${port}`;
  });
  afterAll(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  const open = () =>
    openFileStore({
      ...tokenSettings,
      s3: {
        bucket: 'tenon-files',
        endpoint,
        region: 'us-east-1',
        credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
        pathStyle: true,
      },
    });

  behavesAsStore(open);

  it('takes a file of several parts', async () => {
    const store = open();
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    async function* large() {
      for (let count = 0; count < 20; count++) yield megabyte;
    }
    await store.write('organizations/a/attachments/large', large());
    expect((await contentOf(store, 'organizations/a/attachments/large')).length).toBe(20 * megabyte.length);
  });

  it('serves a file itself, as a download and for a minute', async () => {
    const store = open();
    await store.write('organizations/a/attachments/served', chunks('0123456789'));
    const content = await store.contentOf('organizations/a/attachments/served', sentAs);
    if (!('location' in content)) throw new Error('S3 serves files itself.');
    const { searchParams } = new URL(content.location);
    expect(Number(searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(60);
    const response = await fetch(content.location, { headers: { range: 'bytes=2-4' } });
    expect(response.status).toBe(206);
    expect(await response.text()).toBe('234');
    expect(response.headers.get('content-disposition')).toBe(sentAs.disposition);
    expect(response.headers.get('content-type')).toContain('text/plain');
  });

  it('keeps nothing when the service is away', async () => {
    const away = createServer().listen(0, '127.0.0.1');
    await once(away, 'listening');
    const address = away.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    away.close();
    const store = openFileStore({
      ...tokenSettings,
      s3: {
        bucket: 'tenon-files',
        endpoint: `http://127.0.0.1:${port}`,
        region: 'us-east-1',
        credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
        pathStyle: true,
      },
    });
    await expect(store.write('organizations/away/attachments/1', chunks('1'))).rejects.toThrow('ECONNREFUSED');
  });
});
