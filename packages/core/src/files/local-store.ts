import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { FileStorage, isFile } from '@flystorage/file-storage';
import { LocalStorageAdapter } from '@flystorage/local-fs';
import { uuidv7 } from '../kernel/ids.ts';
import { type FileStore, unfinished } from './file-store.ts';

/** Waits until a file, or the names in a folder, would survive a power cut. */
async function sync(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/**
 * Stores files in a folder. A file is written under another name and renamed once it is on the disk, so it is either complete or absent.
 */
export function openLocalStore(dataDirectory: string): FileStore {
  const root = join(dataDirectory, 'uploads');
  const storage = new FileStorage(new LocalStorageAdapter(root));
  return {
    async write(key, content) {
      const draft = `${unfinished}/${uuidv7()}`;
      try {
        await storage.write(draft, Readable.from(content, { objectMode: false }));
        await sync(join(root, draft));
        await storage.moveFile(draft, key);
      } catch (error) {
        await storage.deleteFile(draft);
        throw error;
      }
      for (let folder = dirname(join(root, key)); folder.length >= root.length; folder = dirname(folder))
        await sync(folder);
    },
    // The library can only read whole files.
    contentOf: async (key) => ({ read: (range) => createReadStream(join(root, key), range) }),
    delete: (key) => storage.deleteFile(key),
    async *list(folder) {
      try {
        for await (const entry of storage.list(folder, { deep: true })) if (isFile(entry)) yield entry.path;
      } catch (error) {
        if (!isMissing(error) && !(error instanceof Error && isMissing(error.cause))) throw error;
      }
    },
    async writtenAt(key) {
      if (!(await storage.fileExists(key))) return null;
      return new Date(await storage.lastModified(key));
    },
  };
}
