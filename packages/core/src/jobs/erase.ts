import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import type { Database } from '../database/database.ts';
import type { TableDefinition } from '../database/table.ts';
import { inBatches } from './batches.ts';

/** What happened stays on record, without what it was about: the log is only ever added to, its payloads can be forgotten. */
const neverErased: ReadonlySet<string> = new Set(['events']);

interface Link {
  table: string;
  column: string;
}

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
  return { order: order.filter((name) => !neverErased.has(name)), links };
}

/**
 * Deletes for ever, batch by batch, every row that belongs to an organization, but for its own and the bare events. When it is
 * interrupted, calling it again goes on. Nobody may be working there any more.
 * @param signal stops it between two batches
 */
export async function eraseRowsOf(ctx: ServiceContext, organizationId: string, signal: AbortSignal): Promise<void> {
  const { order, links } = planOf(ctx.database);
  const own = sql`organization_id = ${organizationId}`;
  for (const { table, column } of links)
    await inBatches(ctx, table, sql`${own} and ${sql.ref(column)} is not null`, { clear: column, signal });
  for (const table of order.toReversed()) await inBatches(ctx, table, own, { signal });
}
