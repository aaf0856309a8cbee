import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import type { Database } from '../database/database.ts';
import type { TableDefinition } from '../database/table.ts';
import { asId } from '../database/typed-value.ts';
import { inBatches } from './batches.ts';

/** Events stay on record without their payloads: the log is append-only, but payloads can be deleted. */
const neverErased: ReadonlySet<string> = new Set(['events']);

interface CyclicReference {
  table: string;
  column: string;
}

/** The tables of organizations, referenced tables first, and the references that form a cycle. */
function planOf({ tables, entities }: Database): { order: string[]; cycles: CyclicReference[] } {
  const order: string[] = [];
  const cycles: CyclicReference[] = [];
  const columnOf = (table: TableDefinition, property: string): string => {
    const found = entities.get(table.name)?.columns.find((column) => column.property === property);
    if (!found?.nullable) throw new Error(`${table.name}.${property} closes a cycle of references and cannot be null.`);
    return found.name;
  };
  const visit = (table: TableDefinition, ancestors: readonly string[]): void => {
    if (order.includes(table.name) || table.own?.property !== 'organizationId') return;
    for (const { to, columns } of table.references ?? []) {
      const target = tables.get(to().meta.tableName);
      if (!target) continue;
      if (target === table || ancestors.includes(target.name))
        cycles.push({ table: table.name, column: columnOf(table, columns.at(-1) ?? '') });
      else visit(target, [...ancestors, table.name]);
    }
    if (!order.includes(table.name)) order.push(table.name);
  };
  for (const table of tables.values()) visit(table, []);
  return { order: order.filter((name) => !neverErased.has(name)), cycles };
}

/**
 * Permanently deletes all rows of an organization in batches, except its own row and the events without payloads. After an
 * interruption, calling it again continues. The organization must no longer be in use.
 * @param signal stops it between two batches
 */
export async function eraseRowsOf(ctx: ServiceContext, organizationId: string, signal: AbortSignal): Promise<void> {
  const { order, cycles } = planOf(ctx.database);
  const own = sql`organization_id = ${asId(organizationId)}`;
  for (const { table, column } of cycles)
    await inBatches(ctx, table, sql`${own} and ${sql.ref(column)} is not null`, { clear: column, signal });
  for (const table of order.toReversed()) await inBatches(ctx, table, own, { signal });
}
