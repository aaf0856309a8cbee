import { sql } from 'kysely';
import type { ServiceContext } from './context.ts';
import type { Connection } from './engine.ts';
import { columnName } from './columns.ts';
import { doorScope } from './scope.ts';
import { asId } from './typed-value.ts';
import { currentSeal, seal, type SealedPlace, type SealingSettings, unseal } from './sealing.ts';

/** What sealing everything again came to. */
export interface Resealed {
  resealed: number;
  /** What no key opened, left as it is: where, and why. */
  unreadable: string[];
}

/** One sealed column, by the names that the database knows. */
interface Column {
  table: string;
  field: string;
  column: string;
  key: readonly string[];
}

/** Every column that a table declares as sealed. */
function sealedColumns({ database }: ServiceContext): Column[] {
  return [...database.tables.values()].flatMap(({ name: table, sealed = [] }) => {
    const entity = database.entities.get(table);
    if (!entity) throw new Error(`Table ${table} has no entity.`);
    const key = entity.primaryKeys.map((property) => columnName(property));
    return sealed.map((field) => ({ table, field, column: columnName(field), key }));
  });
}

interface SealedRow {
  key: readonly string[];
  sealed: string;
}

/** The next rows after this key that another key than the first one sealed, in the order of their keys. */
async function rowsAfter(
  { kysely }: Connection,
  { table, column, key }: Column,
  current: string,
  last: readonly string[] | null,
  batch: number,
): Promise<SealedRow[]> {
  const [sealed, keys] = [sql.ref(column), sql.join(key.map((name) => sql.ref(name)))];
  const after = last === null ? sql`` : sql`and (${keys}) > (${sql.join(last.map(asId))})`;
  // The seal is letters, digits and dots: nothing in it is a wildcard.
  const { rows } = await sql<Readonly<Record<string, string>>>`
    select ${keys}, ${sealed} from ${sql.table(table)}
    where ${sealed} is not null and ${sealed} not like ${`${current}%`} ${after}
    order by ${keys} limit ${batch}`.execute(kysely);
  return rows.map((row) => ({ key: key.map((name) => String(row[name])), sealed: String(row[column]) }));
}

/** Writes the text, unless somebody has changed the row meanwhile. Returns whether it was written. */
async function replace(
  { kysely }: Connection,
  { table, column, key }: Column,
  row: SealedRow,
  text: string,
): Promise<boolean> {
  const changed = kysely
    .updateTable(table as 'users')
    .set(column as 'email', text)
    .where(sql.ref(column), '=', row.sealed);
  const found = key.reduce((query, name, index) => query.where(sql.ref(name), '=', row.key[index]), changed);
  return (await found.executeTakeFirstOrThrow()).numUpdatedRows === 1n;
}

type Opened = { text: string } | { problem: string };

function sealAgain(settings: SealingSettings, place: SealedPlace, sealed: string): Opened {
  try {
    return { text: seal(settings, place, unseal(settings, place, sealed)) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Seals everything under the first key that an older one sealed: after that the older keys can go. It works in short
 * transactions, so it may run beside servers, and be stopped and begun again. What cannot be opened stays as it is.
 * @param batch rows of one transaction
 */
export async function resealSecrets(ctx: ServiceContext, batch = 200): Promise<Resealed> {
  const { database, settings } = ctx;
  const current = currentSeal(settings);
  const result: Resealed = { resealed: 0, unreadable: [] };
  for (const column of sealedColumns(ctx)) {
    for (let last: readonly string[] | null = null; ;) {
      const after: readonly string[] | null = last;
      const done = await database.write(doorScope('system'), async ({ bare }) => {
        const rows = await rowsAfter(bare, column, current, after, batch);
        const unreadable: string[] = [];
        let resealed = 0;
        for (const row of rows) {
          const { table, field } = column;
          const again = sealAgain(settings, { table, key: row.key, field }, row.sealed);
          if ('problem' in again) unreadable.push(`${table} ${row.key.join(' ')}: ${again.problem}`);
          else if (await replace(bare, column, row, again.text)) resealed++;
        }
        return { resealed, unreadable, last: rows.at(-1)?.key ?? null, more: rows.length === batch };
      });
      result.resealed += done.resealed;
      result.unreadable.push(...done.unreadable);
      if (!done.more) break;
      ({ last } = done);
    }
  }
  return result;
}
