import type { ServiceContext } from './context.ts';
import type { Connection, Dialect } from './engine.ts';
import { columnName } from './columns.ts';
import { doorScope } from './scope.ts';
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

/** Numbers the parameters of one statement as the dialect wants them. */
function parameters(dialect: Dialect): { add: (value: unknown) => string; values: unknown[] } {
  const values: unknown[] = [];
  return {
    values,
    add: (value) => (dialect === 'postgresql' ? `$${values.push(value)}` : (values.push(value), '?')),
  };
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

/** The next rows after this key that another key than the first one sealed, in the order of their keys. */
async function rowsAfter(
  connection: Connection,
  dialect: Dialect,
  { table, column, key }: Column,
  current: string,
  last: readonly string[] | null,
  batch: number,
): Promise<{ key: string[]; sealed: string }[]> {
  const { add, values } = parameters(dialect);
  // The seal is letters, digits and dots: nothing in it is a wildcard.
  const stale = `"${column}" is not null and "${column}" not like ${add(`${current}%`)}`;
  const after = last === null ? '' : ` and (${quoted(key)}) > (${last.map((value) => add(value)).join(', ')})`;
  const sql = `select ${quoted(key)}, "${column}" as "sealed_text" from "${table}" where ${stale}${after} order by ${quoted(key)} limit ${add(batch)}`;
  const { rows } = await connection.execute(sql, values);
  return rows.map((row) => ({ key: row.slice(0, key.length).map(String), sealed: String(row[key.length]) }));
}

/** Writes it unless somebody has changed the row meanwhile. Answers whether it was written. */
async function replace(
  connection: Connection,
  dialect: Dialect,
  { table, column, key }: Column,
  row: { key: readonly string[]; sealed: string },
  text: string,
): Promise<boolean> {
  const { add, values } = parameters(dialect);
  const set = `update "${table}" set "${column}" = ${add(text)}`;
  const at = [...key.map((name, index) => [name, row.key[index]] as const), [column, row.sealed] as const];
  const where = at.map(([name, value]) => `"${name}" = ${add(value)}`).join(' and ');
  const [first = ''] = key;
  const { rows } = await connection.execute(`${set} where ${where} returning "${first}"`, values);
  return rows.length === 1;
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
  const { dialect } = database.engine;
  const current = currentSeal(settings);
  const result: Resealed = { resealed: 0, unreadable: [] };
  for (const column of sealedColumns(ctx)) {
    for (let last: readonly string[] | null = null; ;) {
      const after: readonly string[] | null = last;
      const done = await database.write(doorScope('system'), async ({ bare }) => {
        const rows = await rowsAfter(bare, dialect, column, current, after, batch);
        const unreadable: string[] = [];
        let resealed = 0;
        for (const row of rows) {
          const { table, field } = column;
          const again = sealAgain(settings, { table, key: row.key, field }, row.sealed);
          if ('problem' in again) unreadable.push(`${table} ${row.key.join(' ')}: ${again.problem}`);
          else if (await replace(bare, dialect, column, row, again.text)) resealed++;
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
