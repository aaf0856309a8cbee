import { sql } from 'kysely';
import { columnName } from './columns.ts';
import type { ReadDoor } from './read-door.ts';
import type { NamedEntity, Row } from './schema.ts';

/**
 * Reads a row of an entity by the values of some properties: its key, or others when any row with them will do.
 * @param lock locks the row until commit. SQLite has one writer and needs no lock
 * @returns undefined when this door shows no such row
 */
export async function findRow<Entity extends NamedEntity>(
  db: ReadDoor,
  { meta: { tableName, properties } }: Entity,
  match: Partial<Row<Entity>>,
  { lock = false } = {},
): Promise<Row<Entity> | undefined> {
  // Kysely takes the name of a table as a type, and this one is known at run time only.
  let rows = db
    .selectFrom(tableName as 'users')
    .select(Object.keys(properties).map((property) => sql.ref(columnName(property)).as(property)));
  for (const [property, value] of Object.entries(match)) rows = rows.where(sql.ref(columnName(property)), '=', value);
  const found = lock && db.dialect === 'postgresql' ? rows.forUpdate() : rows;
  return (await found.limit(1).executeTakeFirst()) as Row<Entity> | undefined;
}
