import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { Dialect } from './engine.ts';
import { idOfHex, listedValue } from './sqlite-values.ts';
import { TypedValue } from './typed-value.ts';

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

/** The same for a column that may be null: `none` among the values matches null. */
export function anyOfOrNone(dialect: Dialect, column: string, values: readonly string[]): RawBuilder<SqlBool> {
  const ids = values.filter((value) => value !== 'none');
  const matches = anyOf(dialect, column, ids);
  return ids.length === values.length ? matches : sql<SqlBool>`(${matches} or ${sql.ref(column)} is null)`;
}

/** Whether the column has the text somewhere in it, whatever the text contains. */
export function contains(column: string, text: string): RawBuilder<SqlBool> {
  const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return sql<SqlBool>`${sql.ref(column)} like ${pattern} escape '\\'`;
}

/** The database's integer of `count(*)` as a number. */
export const countAll = () => sql<number>`cast(count(*) as integer)`;

/** The ids of the rows of a sub-select, in an order, as one value. `readIds` reads it. */
export const idsInOne = (dialect: Dialect, column: string, order: string): RawBuilder<unknown> =>
  dialect === 'postgresql'
    ? sql`array_agg(${sql.ref(column)} order by ${sql.ref(order)})`
    : sql`group_concat(hex(${sql.ref(column)}), '' order by ${sql.ref(order)})`;

/** Reads the ids that `idsInOne` has put together. */
export function readIds(value: unknown): string[] {
  if (Array.isArray(value)) return value as string[];
  return typeof value === 'string' ? (value.match(/.{32}/g) ?? []).map(idOfHex) : [];
}
