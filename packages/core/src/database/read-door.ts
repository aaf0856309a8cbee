import type { ServiceContext } from './context.ts';
import type { ReadDoor } from './door.ts';
import { requestScope } from './scope.ts';

export type { ReadDoor } from './door.ts';

/**
 * Opens the read door for the context. On PostgreSQL all its statements run in one transaction. On SQLite each statement sees
 * the latest commit.
 */
export function read<T>(ctx: ServiceContext, work: (db: ReadDoor) => Promise<T>): Promise<T> {
  return ctx.database.read(requestScope(ctx.principal), work);
}
