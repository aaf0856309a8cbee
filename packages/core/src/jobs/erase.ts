import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import type { Database } from '../database/database.ts';
import type { TableDefinition } from '../database/table.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import { asId } from '../database/typed-value.ts';
import { nilId } from '../kernel/ids.ts';
import { inBatches } from './batches.ts';

/** Events stay in the log without their payloads. The log is append-only, but payloads can be deleted. */
const events = 'events';
const payloads = 'event_payloads';

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
  /** Whether rows belong to an organization. This includes rows of a person, such as their notifications from the organization. */
  const isOfOrganization = ({ name, own }: TableDefinition): boolean =>
    own?.property === 'organizationId' ||
    (own?.is === 'user' &&
      (entities.get(name)?.columns ?? []).some(({ property, nullable }) => property === 'organizationId' && !nullable));
  const visit = (table: TableDefinition, ancestors: readonly string[]): void => {
    if (order.includes(table.name) || !isOfOrganization(table)) return;
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
  return { order: order.filter((name) => name !== events && name !== payloads), cycles };
}

/** The number of rows that one transaction deletes. */
const batch = 500;

/**
 * Deletes the payloads of an organization's events. It finds them through the events, which have an index by organization. An index on the
 * payloads would cost a write with every event.
 */
async function erasePayloads(ctx: ServiceContext, organizationId: string, signal: AbortSignal): Promise<void> {
  const eraseSome = (entity: '=' | '>', entityId: string, after: string) =>
    writeThroughSystemDoor(ctx, async ({ db }) => {
      const found = await db
        .selectFrom(events)
        .select(['events.entity_id as entityId', 'events.id'])
        .where('events.organization_id', '=', organizationId)
        .where('events.entity_id', entity, entityId)
        .$if(entity === '=', (query) => query.where('events.id', '>', after))
        .orderBy('events.entity_id')
        .orderBy('events.id')
        .limit(batch)
        .execute();
      const ids = found.map(({ id }) => id);
      if (ids.length > 0) await db.deleteFrom(payloads).where('event_id', 'in', ids).execute();
      return found.at(-1);
    });
  for (let at = { entityId: nilId, id: nilId }; ;) {
    signal.throwIfAborted();
    // Erase the rest of the last entity first, then the entities after it. Each of the two is a range of the index.
    const last = (await eraseSome('=', at.entityId, at.id)) ?? (await eraseSome('>', at.entityId, at.id));
    if (!last) return;
    at = last;
  }
}

/**
 * Permanently deletes all rows of an organization in batches, except its own row and the events without payloads. After an interruption,
 * another call continues. The organization must no longer be in use.
 * @param signal stops the work between two batches
 */
export async function eraseRowsOf(ctx: ServiceContext, organizationId: string, signal: AbortSignal): Promise<void> {
  const { order, cycles } = planOf(ctx.database);
  const own = sql`organization_id = ${asId(organizationId)}`;
  for (const { table, column } of cycles)
    await inBatches(ctx, table, sql`${own} and ${sql.ref(column)} is not null`, { clear: column, signal });
  await erasePayloads(ctx, organizationId, signal);
  for (const table of order.toReversed()) await inBatches(ctx, table, own, { signal });
}
