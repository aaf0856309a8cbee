import { type RawBuilder, sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import type { Database } from '../database/database.ts';
import type { Dialect } from '../database/engine.ts';
import { statementFamily } from '../database/statement.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import type { TableDefinition } from '../database/table.ts';

/** Rows of one transaction: short enough that nobody notices the lock. */
const batch = 1000;

/** What happened stays on record, without what it was about: the log is only ever added to, its payloads can be forgotten. */
const kept: ReadonlySet<string> = new Set(['events']);

interface Some extends Readonly<Record<string, unknown>> {
  organizationId: string;
  limit: number;
}

/** The rows of a table that a statement takes at once, by where they lie: the same for every table, whatever its key. */
function atOnce(dialect: Dialect, table: string, { organizationId, limit }: Some, which: RawBuilder<unknown>) {
  const row = sql.raw(dialect === 'sqlite' ? 'rowid' : 'ctid');
  const some = sql`select ${row} from ${sql.table(table)} where organization_id = ${organizationId} ${which} limit ${limit}`;
  return dialect === 'sqlite' ? sql`${row} in (${some})` : sql`${row} = any(array(${some}))`;
}

const removeSome = statementFamily<string, Some, { one: number }>((db, values, dialect, table) => {
  const which = atOnce(dialect, table, values, sql``);
  const query = sql<{ one: number }>`delete from ${sql.table(table)} where ${which} returning 1 as one`;
  return { compile: () => query.compile(db) };
});

interface Link {
  table: string;
  column: string;
}

const loosenSome = statementFamily<Link, Some, { one: number }>((db, values, dialect, { table, column }) => {
  const which = atOnce(dialect, table, values, sql`and ${sql.ref(column)} is not null`);
  const query = sql<{
    one: number;
  }>`update ${sql.table(table)} set ${sql.ref(column)} = null where ${which} returning 1 as one`;
  return { compile: () => query.compile(db) };
});

/** The tables of organizations, those that are referred to first, and the references that go round in a circle. */
function planOf({ tables, entities }: Database): { order: string[]; links: Link[] } {
  const order: string[] = [];
  const links: Link[] = [];
  const columnOf = (table: TableDefinition, property: string): string => {
    const found = entities.metadata
      .find(({ tableName }) => tableName === table.name)
      ?.props.find(({ name }) => name === property);
    if (!found?.nullable) throw new Error(`${table.name}.${property} closes a circle, and cannot be null.`);
    return found.fieldNames[0] ?? property;
  };
  const visit = (table: TableDefinition, above: readonly string[]): void => {
    if (order.includes(table.name) || table.own?.property !== 'organizationId') return;
    for (const { to, columns } of table.references ?? []) {
      const target = tables.get(to().meta.tableName);
      if (!target) continue;
      if (target === table || above.includes(target.name))
        links.push({ table: table.name, column: columnOf(table, columns.at(-1) ?? '') });
      else visit(target, [...above, table.name]);
    }
    if (!order.includes(table.name)) order.push(table.name);
  };
  for (const table of tables.values()) visit(table, []);
  return { order: order.filter((name) => !kept.has(name)), links };
}

/**
 * Deletes for ever, batch by batch, every row that belongs to an organization, but for its own and the bare events. When it is
 * interrupted, calling it again goes on. Nobody may be working there any more.
 * @param signal stops it between two batches
 */
export async function eraseRowsOf(ctx: ServiceContext, organizationId: string, signal: AbortSignal): Promise<void> {
  const untilNone = async (some: ReturnType<typeof removeSome>): Promise<void> => {
    for (;;) {
      signal.throwIfAborted();
      const rows = await writeThroughSystemDoor(ctx, ({ db }) => db.run(some, { organizationId, limit: batch }));
      if (rows.length < batch) return;
    }
  };
  const { order, links } = planOf(ctx.database);
  for (const link of links) await untilNone(loosenSome(link));
  for (const table of order.toReversed()) await untilNone(removeSome(table));
}
