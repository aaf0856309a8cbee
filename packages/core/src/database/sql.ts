import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { Dialect } from './engine.ts';
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
  if (dialect === 'postgresql')
    return sql<SqlBool>`${sql.ref(column)} = any(${values as string[]}::${sql.raw(type)}[])`;
  return sql<SqlBool>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(values)}))`;
}

/** Counts up, for ever: the row stays locked until commit, so take the number as late as can be. */
export const nextNumber = async (unit: Unit, name: string): Promise<number> => {
  const organizationId = unit.scope.organizationId;
  if (organizationId === null) throw new Error('Numbers count inside an organization.');
  const { value } = await unit.db
    .insertInto('counters')
    .values({ organization_id: organizationId, name, value: 1 })
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'name']).doUpdateSet({ value: sql<number>`counters.value + 1` }),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return value;
};
