import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { storedFiles, testFile } from '../testing/files.ts';
import { tokenSettings } from '../testing/settings.ts';
import { openFileStore } from './open-store.ts';
import { type IncomingFile, receiveFile } from './receive.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'tenon-receive-'));
const store = openFileStore({ ...tokenSettings, dataDirectory });
afterAll(() => rmSync(dataDirectory, { recursive: true, force: true }));

const key = 'organizations/a/attachments/1';
const receive = (file: IncomingFile, maxBytes = 1_000_000) => receiveFile(file, { store, key, maxBytes });
const stored = () => storedFiles({ settings: { ...tokenSettings, dataDirectory, databaseUrl: '' } });

describe('a received file', () => {
  it('is counted, hashed and named', async () => {
    const pieces = ['Hello, ', 'world', '\n'].map((piece) => Buffer.from(piece));
    const file = await receive(testFile(pieces, { name: '../a b.txt' }));
    const sha256 = createHash('sha256').update('Hello, world\n').digest('hex');
    expect(file).toEqual({ fileName: 'a b.txt', mediaType: 'text/plain', size: 13, sha256 });
    expect(stored()).toHaveLength(1);
    await store.delete(key);
  });

  it('may be as large as the limit, and not one byte larger', async () => {
    expect(await receive(testFile('x'.repeat(100)), 100)).toMatchObject({ size: 100 });
    await store.delete(key);
    for (const content of ['x'.repeat(101), 'x'.repeat(300_000)])
      await expect(receive(testFile(content), 100)).rejects.toMatchObject({
        code: 'payload_too_large',
        details: { max: 100 },
      });
    expect(stored()).toEqual([]);
  });

  it('is refused by the length that the client says, before it is read', async () => {
    const file = testFile('x', { bodyBytes: 2_000_000 });
    await expect(receive(file)).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(file.isRead).toBe(false);
  });

  it.each([
    ['breaks off', testFile('x'.repeat(200_000), { fails: new Error('gone') }), 'gone'],
    ['is too large', testFile([Buffer.alloc(900_000, 'x'), Buffer.alloc(200_000, 'x')]), 'larger'],
    ['is a program', testFile('x', { name: 'a.exe' }), 'Programs'],
  ])('leaves nothing when it %s', async (_what, file, message) => {
    await expect(receive(file)).rejects.toThrow(message);
    expect(stored()).toEqual([]);
  });

  it('leaves nothing when something comes after it', async () => {
    const file = testFile('x');
    const twice: IncomingFile = {
      bodyBytes: null,
      async receive(use) {
        await file.receive(use);
        throw new Error('There is another part.');
      },
    };
    await expect(receive(twice)).rejects.toThrow('another part');
    expect(stored()).toEqual([]);
  });

  it('is read, but kept nowhere, for a dry run', async () => {
    const file = await receiveFile(testFile('x'.repeat(200_000)), { store: null, key, maxBytes: 1_000_000 });
    expect(file.size).toBe(200_000);
    expect(stored()).toEqual([]);
  });
});
