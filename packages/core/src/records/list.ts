import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import { columnName } from '../database/columns.ts';
import type { ServiceContext } from '../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../database/paging.ts';
import type { ReadDoor } from '../database/read-door.ts';
import { anyOfOrNone, contains } from '../database/sql.ts';
import type { Page } from '../kernel/schemas.ts';
import { keyOf } from '../kernel/text.ts';
import type { Fields, RecordReader } from './reader.ts';

/** Ranges of instants. Both ends are inclusive. */
interface Ranges {
  createdBefore?: string | undefined;
  createdAfter?: string | undefined;
  updatedBefore?: string | undefined;
  updatedAfter?: string | undefined;
}

/** The input of every list. */
export interface ListInput extends Ranges {
  limit: number;
  cursor?: string | undefined;
  total: boolean;
  /** A field name. A leading `-` sorts in descending order. */
  sort: string;
}

/** A value, any of some ids, or part of a text that is stored as its key. The id `none` matches null. */
export type Filter = string | boolean | readonly string[] | { contains: string | undefined } | undefined;

/** Replaces a list of one value by the value, because a condition with `=` keeps the order of an index and `in` does not. */
function onlyOf(filter: Filter): Filter {
  if (typeof filter !== 'object' || 'contains' in filter) return filter;
  const [only, ...others] = filter;
  return others.length === 0 && only !== undefined && only !== 'none' ? only : filter;
}

/** Selects the rows that pass all filters. Filters are named by property. */
export function matching(db: ReadDoor, reader: RecordReader, filters: Readonly<Record<string, Filter>>) {
  let rows = reader.from(db);
  for (const [property, given] of Object.entries(filters)) {
    const filter = onlyOf(given);
    const column = `${reader.table}.${columnName(property)}`;
    if (typeof filter === 'object' && 'contains' in filter) {
      if (filter.contains !== undefined) rows = rows.where(contains(column, keyOf(filter.contains)));
    } else if (typeof filter === 'object') rows = rows.where(anyOfOrNone(db.dialect, column, filter));
    else if (filter !== undefined) rows = rows.where(sql.ref(column), '=', filter);
  }
  return rows;
}

/** The property that sorts by a field: a text sorts by its `nameSort`, an enum by its `statusRank`, and everything else by itself. */
const sortProperty = (reader: RecordReader, field: string): string =>
  [`${field}Sort`, `${field}Rank`].find((property) => reader.has(property)) ?? field;

type Query = ReturnType<RecordReader['from']>;

/**
 * Narrows a query to the rows whose creation and last change are between the given instants.
 * @param columnOf answers the column of a property
 */
export function inRange<DB, TB extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, TB, Row>,
  columnOf: (property: 'createdAt' | 'updatedAt') => RawBuilder<unknown>,
  input: Ranges,
): SelectQueryBuilder<DB, TB, Row> {
  const ends = [
    ['createdAt', '<=', input.createdBefore],
    ['createdAt', '>=', input.createdAfter],
    ['updatedAt', '<=', input.updatedBefore],
    ['updatedAt', '>=', input.updatedAfter],
  ] as const;
  let rows = query;
  for (const [property, operator, instant] of ends)
    if (instant !== undefined) rows = rows.where(columnOf(property), operator, new Date(instant));
  return rows;
}

/** Reads one page of a query on the table of a record. */
export async function readList<Item>(
  ctx: ServiceContext,
  reader: RecordReader,
  input: ListInput,
  query: Query,
  showAll: (rows: readonly Fields[]) => Promise<Item[]>,
  name = reader.table,
): Promise<Page<Item>> {
  const request = pageRequest(ctx, name, input.sort, input);
  const property = sortProperty(reader, input.sort.replace('-', ''));
  const columns = { [property]: { by: reader.ref(property), nullable: reader.isNullable(property) } };
  const sort = input.sort.startsWith('-') ? (`-${property}` as const) : property;
  const ranged = inRange(query, (stamp) => reader.ref(stamp), input);
  const selected = reader.select(ranged);
  const { rows, nextCursor } = await readPage(
    // The next page starts after an id. For a link, this is the id of the row that it links to.
    (reader.has('id') ? selected : selected.select(reader.id.as('id'))) as never,
    orderOf(sort, columns, reader.id),
    request,
  );
  return { data: await showAll(rows), nextCursor, ...(input.total ? { total: await countOf(ranged) } : {}) };
}
