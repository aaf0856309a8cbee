import type { ServiceContext } from '../database/context.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { Avatar } from '../files/index.ts';
import { isUuid } from '../kernel/ids.ts';
import type { JobRun } from './handler.ts';

/** A file without a row must be this old before it is deleted. A younger file may still be uploading. */
const orphanMs = 86_400_000;

/** The number of files that are looked up at once. */
const chunk = 500;

async function* inChunks(keys: AsyncIterable<string>): AsyncGenerator<string[]> {
  let some: string[] = [];
  for await (const key of keys) {
    if (some.push(key) < chunk) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

/**
 * Deletes the files of a folder that no row names and that are older than a day.
 * @param named answers which of the given keys rows name, and which must not be deleted for other reasons
 * @returns how many it deleted
 */
export async function sweepFolder(
  { files, clock }: ServiceContext,
  job: JobRun,
  folder: string,
  named: (db: ReadDoor, keys: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<number> {
  const before = clock.now().getTime() - orphanMs;
  let deleted = 0;
  for await (const keys of inChunks(files.list(folder))) {
    job.signal.throwIfAborted();
    const known = await job.read((db) => named(db, keys));
    for (const key of keys) {
      if (known.has(key)) continue;
      const writtenAt = await files.writtenAt(key);
      if (!writtenAt || writtenAt.getTime() > before) continue;
      await files.delete(key);
      deleted++;
    }
  }
  return deleted;
}

/** The id of the person or the organization in the key of a picture. Null for a foreign file. */
function ownerIn(key: string): string | null {
  const [, id = '', ...rest] = key.split('/');
  return rest.length === 1 && isUuid(id) ? id : null;
}

/**
 * Deletes the pictures of a folder that were replaced or removed a day ago.
 * @param avatarsOf reads the current pictures of the given people or organizations
 */
export const sweepAvatars = (
  ctx: ServiceContext,
  job: JobRun,
  folder: string,
  avatarsOf: (db: ReadDoor, ids: string[]) => Promise<readonly { avatar: Avatar | null }[]>,
): Promise<number> =>
  sweepFolder(ctx, job, folder, async (db, keys) => {
    const ids = keys.flatMap((key) => ownerIn(key) ?? []);
    const rows = ids.length > 0 ? await avatarsOf(db, ids) : [];
    return new Set([
      ...keys.filter((key) => ownerIn(key) === null),
      ...rows.flatMap(({ avatar }) => avatar?.key ?? []),
    ]);
  });
