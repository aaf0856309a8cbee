import type { EntitySchema } from '@mikro-orm/core';
import { sql } from 'kysely';
import type { DomainError } from '../kernel/errors.ts';
import { capitalized } from '../kernel/text.ts';
import type { Database } from './database.ts';
import { columnName } from './columns.ts';
import { anyOf } from './sql.ts';
import { current, statementFamily } from './statement.ts';
import { asId } from './typed-value.ts';
import type { Unit } from './unit-of-work.ts';

/** A column that refers to rows of another table. */
interface Link {
  table: string;
  column: string;
}

/** The columns of organizations' tables that keep a row of an entity from being deleted. */
function restrictingLinks({ tables }: Database, entity: EntitySchema): Link[] {
  return [...tables.values()].flatMap(({ name: table, references = [] }) =>
    references.flatMap(({ columns: [organization, property, ...more], to, onDelete = 'restrict' }) => {
      if (to() !== entity || onDelete !== 'restrict') return [];
      if (organization !== 'organizationId' || property === undefined || more.length > 0) return [];
      return { table, column: columnName(property) };
    }),
  );
}

const tablesReferring = statementFamily<readonly Link[], { ids: readonly string[] }, { table: string }>(
  (db, { ids }, dialect, links) => {
    // Raw SQL passes by the first wall, so each part names the organization; no visibility is added to it either.
    const parts = links.map(
      ({ table, column }) =>
        sql`select ${sql.lit(table)} as "table" where exists (select 1 from ${sql.table(table)} where organization_id = ${asId(current.organization)} and ${anyOf(dialect, column, ids)})`,
    );
    const query = sql<{ table: string }>`${sql.join(parts, sql` union `)}`;
    return { compile: () => query.compile(db) };
  },
);

/**
 * The names of the tables that keep rows from being deleted, in alphabetical order: those with rows of the unit's organization
 * that refer to one of them and do not go with it. Rows that the caller may not see count too, as they do for the database.
 *
 * Ask before deleting: PostgreSQL answers nothing more in a transaction whose statement failed. The caller must have locked the
 * rows, or the organization where every referrer is written under that lock, so that no reference is added meanwhile.
 */
export async function referrersOf(unit: Unit, entity: EntitySchema, ids: readonly string[]): Promise<string[]> {
  const links = restrictingLinks(unit.ctx.database, entity);
  if (links.length === 0) return [];
  const rows = await unit.db.run(tablesReferring(links), { ids });
  return rows.map(({ table }) => table).sort();
}

/** Names of tables as the subject of a sentence: `Departments and team members`. */
function asSubject(tables: readonly string[]): string {
  return capitalized(new Intl.ListFormat('en').format(tables.map((table) => table.replaceAll('_', ' '))));
}

/**
 * Throws while something keeps one of the rows from being deleted; ask as for `referrersOf`.
 * @param inUse makes the error from the kinds of those rows, which begin a sentence: `Tasks and projects`
 */
export async function refuseWhileReferredTo(
  unit: Unit,
  entity: EntitySchema,
  ids: readonly string[],
  inUse: (kinds: string) => DomainError,
): Promise<void> {
  const tables = await referrersOf(unit, entity, ids);
  if (tables.length > 0) throw inUse(asSubject(tables));
}
