import type { CoreSettings } from '../kernel/settings.ts';
import type { FileStore } from './file-store.ts';

/** Opens the store that the settings choose. It loads the code of that store with the first file, because most starts do not need it. */
export function openFileStore({ s3, dataDirectory }: CoreSettings): FileStore {
  let opened: Promise<FileStore> | undefined;
  const open = async (): Promise<FileStore> => {
    if (s3) return (await import('./s3-store.ts')).openS3Store(s3);
    return (await import('./local-store.ts')).openLocalStore(dataDirectory);
  };
  const store = () => (opened ??= open());
  return {
    write: async (key, content) => (await store()).write(key, content),
    contentOf: async (key, sentAs) => (await store()).contentOf(key, sentAs),
    delete: async (key) => (await store()).delete(key),
    async *list(folder) {
      yield* (await store()).list(folder);
    },
    writtenAt: async (key) => (await store()).writtenAt(key),
  };
}
