import type { ServiceContext } from '../database/context.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { Avatar } from '../files/index.ts';
import { isUuid } from '../kernel/ids.ts';
import type { JobRun } from './handler.ts';

/** How old a file that no row names must be before it is deleted. A younger one may still be uploading. */
const orphanMs = 86_400_000;

/** Files that are looked up at once. */
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
 * Deletes the files of a folder that no row has named for a day.
 * @param named finds those of some keys that rows name, or that are not ours to delete
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

/** The id in the key of a picture: of the person or the organization. Null for a file that is none of ours. */
function ownerIn(key: string): string | null {
  const [, id = '', ...rest] = key.split('/');
  return rest.length === 1 && isUuid(id) ? id : null;
}

/**
 * Deletes the pictures of a folder that were replaced or removed a day ago.
 * @param avatarsOf reads the pictures of some people or organizations
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
