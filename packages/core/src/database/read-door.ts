import type { ServiceContext } from './context.ts';
import type { Door } from './door.ts';
import { requestScope } from './scope.ts';

/**
 * The one way to read: a query builder that shows the rows of the context's organization, as far as the principal sees them.
 * It has no way to write, and no way around its walls.
 */
export type ReadDoor = Pick<Door, 'selectFrom' | 'run' | 'dialect'>;

/**
 * Opens the read door for the context. Its statements are one transaction on PostgreSQL; on SQLite each sees the latest commit.
 */
export function read<T>(ctx: ServiceContext, work: (db: ReadDoor) => Promise<T>): Promise<T> {
  return ctx.database.read(requestScope(ctx.principal), work);
}
