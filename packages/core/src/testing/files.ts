import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IncomingFile } from '../files/index.ts';
import type { Platform } from '../platform.ts';

/** A file that is being sent, as the API would pass it. */
export interface TestFile extends IncomingFile {
  /** Whether anybody has read it. */
  readonly isRead: boolean;
}

interface TestFileParts {
  name?: string;
  mediaType?: string;
  bodyBytes?: number;
  /** Thrown when all content was read, as for a client that has gone. */
  fails?: Error;
}

export function testFile(
  content: string | Uint8Array | Iterable<Uint8Array> = 'What the depot said.\n',
  { name = 'depot.txt', mediaType = '', bodyBytes, fails }: TestFileParts = {},
): TestFile {
  let isRead = false;
  const isWhole = typeof content === 'string' || content instanceof Uint8Array;
  async function* chunks() {
    isRead = true;
    yield* isWhole ? [Buffer.from(content)] : content;
    if (fails) throw fails;
  }
  return {
    get isRead() {
      return isRead;
    },
    bodyBytes: bodyBytes ?? null,
    receive: (use) => use({ name, mediaType, content: chunks() }),
  };
}

/** The paths of all files that a platform keeps in its folder. */
export function storedFiles({ settings }: Pick<Platform, 'settings'>): string[] {
  const root = join(settings.dataDirectory, 'uploads');
  try {
    const entries = readdirSync(root, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  } catch {
    return [];
  }
}
