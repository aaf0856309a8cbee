import { type RawBuilder, sql } from 'kysely';
import { columnName } from '../database/columns.ts';
import type { ServiceContext } from '../database/context.ts';
import { statement } from '../database/statement.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';

/** The rows of one transaction. They are few enough that nobody notices the lock. */
const batch = 500;

interface Batches {
  /** Sets this column to null instead of deleting the rows. @default none */
  clear?: string;
  /** Stops the work between two batches. @default never */
  signal?: AbortSignal;
}

/**
 * Deletes the matching rows of a table in batches, each in its own transaction behind the system door. A batch finds its rows by their
 * physical position on PostgreSQL, and by their primary key on SQLite, where tables without rowid have no position.
 * @returns how many rows it deleted or changed
 */
export async function inBatches(
  ctx: ServiceContext,
  tableName: string,
  matches: RawBuilder<unknown>,
  { clear, signal }: Batches = {},
): Promise<number> {
  const table = sql.table(tableName);
  const key = (ctx.database.entities.get(tableName)?.primaryKeys ?? []).map((property) => columnName(property));
  const change = clear === undefined ? sql`delete from ${table}` : sql`update ${table} set ${sql.ref(clear)} = null`;
  const next = statement<Record<string, never>, { one: number }>((db, _values, dialect) => {
    const row = dialect === 'sqlite' ? sql.join(key.map((column) => sql.ref(column))) : sql`ctid`;
    const some = sql`select ${row} from ${table} where ${matches} limit ${batch}`;
    const isNext = dialect === 'sqlite' ? sql`(${row}) in (${some})` : sql`${row} = any(array(${some}))`;
    return { compile: () => sql<{ one: number }>`${change} where ${isNext} returning 1 as one`.compile(db) };
  });
  for (let count = 0; ;) {
    signal?.throwIfAborted();
    const { length } = await writeThroughSystemDoor(ctx, ({ db }) => db.run(next, {}));
    count += length;
    if (length < batch) return count;
  }
}
