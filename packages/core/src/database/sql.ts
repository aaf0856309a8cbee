import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { Dialect } from './engine.ts';
import { statement } from './statement.ts';
import type { Unit } from './unit-of-work.ts';

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
  const parameter = sql`${values}`;
  if (dialect === 'postgresql') return sql<SqlBool>`${sql.ref(column)} = any(${parameter}::${sql.raw(type)}[])`;
  return sql<SqlBool>`${sql.ref(column)} in (select value from json_each(${parameter}))`;
}

/** Whether the column has the text somewhere in it, whatever the text contains. */
export function contains(column: string, text: string): RawBuilder<SqlBool> {
  const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return sql<SqlBool>`${sql.ref(column)} like ${pattern} escape '\\'`;
}

/** The database's integer of `count(*)` as a number. */
export const countAll = () => sql<number>`cast(count(*) as integer)`;

const countUp = statement((db, { organizationId, name }: { organizationId: string; name: string }) =>
  db
    .insertInto('counters')
    .values({ organization_id: organizationId, name, value: 1 })
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'name']).doUpdateSet({ value: sql<number>`counters.value + 1` }),
    )
    .returning('value'),
);

/** Counts up, for ever: the row stays locked until commit, so take the number as late as can be. */
export async function nextNumber(unit: Unit, name: string): Promise<number> {
  const { organizationId } = unit.scope;
  if (organizationId === null) throw new Error('Numbers count inside an organization.');
  const [row] = await unit.db.run(countUp, { organizationId, name });
  if (!row) throw new Error(`The counter ${name} gave no number.`);
  return row.value;
}
