import { type Expression, type RawBuilder, sql, type SqlBool } from 'kysely';
import type { Dialect } from './engine.ts';
import { idOfHex, listedValue } from './sqlite-values.ts';
import { asId, TypedValue } from './typed-value.ts';

/**
 * Whether the column is one of the values, as one parameter: the statement stays the same however many there are, so that it
 * stays prepared.
 */
export function anyOf(
  dialect: Dialect,
  column: string,
  values: readonly string[],
  type: 'uuid' | 'text' = 'uuid',
): RawBuilder<SqlBool> {
  const kind = type === 'uuid' ? 'id' : 'text';
  const parameter = sql`${new TypedValue(kind, values)}`;
  if (dialect === 'postgresql') return sql<SqlBool>`${sql.ref(column)} = any(${parameter}::${sql.raw(type)}[])`;
  return sql<SqlBool>`${sql.ref(column)} in (select ${sql.raw(listedValue[kind])} from json_each(${parameter}))`;
}

/** Some ids as a table on SQLite, with the place of each in the list, from 0. It has the columns `id` and `place`. */
export const placesOf = (ids: readonly string[]): RawBuilder<{ id: string; place: number }> =>
  sql`(select key as place, ${sql.raw(listedValue.id)} as id from json_each(${asId(ids)}))`;

/** The same as `anyOf` for a column that may be null: `none` among the values matches null. */
export function anyOfOrNone(dialect: Dialect, column: string, values: readonly string[]): RawBuilder<SqlBool> {
  const ids = values.filter((value) => value !== 'none');
  const matches = anyOf(dialect, column, ids);
  return ids.length === values.length ? matches : sql<SqlBool>`(${matches} or ${sql.ref(column)} is null)`;
}

/** Keeps a condition from using an index, so that it is checked row by row and the query keeps its order. */
export const checked = (condition: Expression<unknown>): RawBuilder<SqlBool> => sql<SqlBool>`(${condition}) is true`;

/**
 * The condition that a sub-select of one column finds a row. PostgreSQL runs it row by row. For `exists` it might read all rows of the
 * other table at once, because it plans without knowing for how many rows the condition is checked.
 */
export const finds = (query: { limit(rows: Expression<number>): Expression<unknown> }): RawBuilder<SqlBool> =>
  sql<SqlBool>`(${query.limit(sql.lit(1))}) is not null`;

/**
 * Makes the rest of a transaction use indexes when it is selected on PostgreSQL. While tables are nearly empty and not analyzed, PostgreSQL
 * plans to read them whole, and keeps such plans when the tables have grown.
 */
export const useIndexes = sql`set_config('enable_seqscan', 'off', true)`;

/** Whether the column has the text somewhere in it, whatever the text contains. */
export function contains(column: string, text: string): RawBuilder<SqlBool> {
  const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return sql<SqlBool>`${sql.ref(column)} like ${pattern} escape '\\'`;
}

/** The database's integer of `count(*)` as a number. */
export const countAll = () => sql<number>`cast(count(*) as integer)`;

/**
 * The ids of the rows of a sub-select as one value, which `readIds` reads.
 * @param order a column with small integers. SQLite answers it with each id, because sorting there costs more than the rest of the
 * sub-select. @default no order
 */
export function idsInOne(dialect: Dialect, column: string, order?: string): RawBuilder<unknown> {
  const id = sql.ref(column);
  if (dialect === 'postgresql')
    return order === undefined ? sql`array_agg(${id})` : sql`array_agg(${id} order by ${sql.ref(order)})`;
  return sql`group_concat(${order === undefined ? sql`hex(${id})` : sql`hex(${id}) || ${sql.ref(order)}`})`;
}

const hexLength = 32;

/** Reads the ids that `idsInOne` has put together, in their order. */
export function readIds(value: unknown): string[] {
  if (Array.isArray(value)) return value as string[];
  if (typeof value !== 'string') return [];
  const idOf = (part: string): string => idOfHex(part.slice(0, hexLength));
  if (!value.includes(',')) return [idOf(value)];
  const parts = value.split(',');
  const positionOf = (part: string): number => Number(part.slice(hexLength));
  // Ids without an order have no position.
  if (parts[0] !== undefined && parts[0].length > hexLength) parts.sort((a, b) => positionOf(a) - positionOf(b));
  return parts.map(idOf);
}
