import { type RawBuilder, type SelectQueryBuilder, sql, type SqlBool } from 'kysely';
import { type CursorKey, encodeCursor } from '../kernel/cursor.ts';
import { cutPage, paged, type PageOrder, type PageRequest, pageValues, type Sorted, startOf } from './paging.ts';
import type { ReadDoor } from './read-door.ts';
import type { Tables } from './schema.ts';
import { asId, asText } from './typed-value.ts';

/** How many rows of a log a page reads at most when it leaves some of them out. That takes about 10 ms. */
const mostRead = 2_000;

/** One row more than the largest page has. */
const mostRows = 101;

/** A table of a log with a filter that has an index. */
type LogPart<Table extends keyof Tables> = SelectQueryBuilder<Tables, Table, object>;

/** A page of a log: a table to which rows are only added, read from the newest one. */
export interface LogPageRequest<Table extends keyof Tables> {
  request: PageRequest;
  /** The order of the index that each part is read from. It descends. */
  order: PageOrder;
  /** The rows that pass the filter that has an index: a query for each of its values. */
  parts: (db: ReadDoor) => readonly LogPart<Table>[];
  /** The other filters. They have no index, so rows are read and left out. @default none */
  checks?: readonly RawBuilder<SqlBool>[];
}

type Key = { id: string } & Sorted;

/**
 * Selects the keys of some rows of each part, the newest first. The limits of the parts are literal, because PostgreSQL plans without knowing
 * parameters: it would expect a tenth of all rows, and read them all.
 */
function keysOf<Table extends keyof Tables>(
  db: ReadDoor,
  parts: readonly LogPart<Table>[],
  { order, request }: Pick<LogPageRequest<Table>, 'order' | 'request'>,
  { rows, most, skipped = 0 }: { rows: number; most: number; skipped?: number },
) {
  const [first, ...others] = parts.map((part) => {
    const keys = part.select(sql<string>`${order.id}`.as('id'));
    const some = paged(keys, order, startOf(request), { ...pageValues(request), rows: sql.lit(most) });
    // SQLite sorts and limits a part of a union only inside a query of its own.
    const those = skipped > 0 ? some.offset(sql.lit(skipped)) : some;
    return db.selectFrom(those.as('part')).select(['part.id', 'part.sortValue']);
  });
  if (!first) throw new Error('A log is read in at least one part.');
  return db
    .selectFrom(others.reduce((union, part) => union.unionAll(part), first).as('keys'))
    .select(['keys.id', 'keys.sortValue'])
    .orderBy('keys.sortValue', 'desc')
    .orderBy('keys.id', 'desc')
    .limit(rows);
}

/** The keys of a page, to join its rows with. */
export type LogKeys = ReturnType<typeof keysOf>;

/**
 * Finds the row after which a page that leaves rows out must stop reading. Null when the log has fewer rows.
 * @param db shows all rows of the log, also those that the reader does not see
 */
export async function findLogEnd<Table extends keyof Tables>(
  db: ReadDoor,
  log: LogPageRequest<Table>,
): Promise<CursorKey | null> {
  const parts = log.parts(db);
  const [last] = await keysOf(db, parts, log, {
    rows: 1,
    most: 1,
    skipped: Math.ceil(mostRead / parts.length),
  }).execute();
  return last ? [last.sortValue, last.id] : null;
}

/**
 * Reads one page. With an `end`, the page stops there, so that a filter that few rows pass does not walk through the whole log. Such a
 * page can have fewer rows than asked for, or none, and still a cursor with which the reader goes on.
 * @param rowsOf reads the rows of the keys, in their order
 */
export async function readLogPage<Table extends keyof Tables, Row extends Key>(
  db: ReadDoor,
  log: LogPageRequest<Table>,
  end: CursorKey | null,
  rowsOf: (keys: LogKeys) => Promise<Row[]>,
): Promise<{ rows: readonly Row[]; nextCursor: string | null }> {
  const { request, order } = log;
  const conditions = [...(log.checks ?? [])];
  if (end) {
    const [value = null, id = null] = end;
    const last = order.by === order.id ? asId(value) : asText(value);
    conditions.push(sql<SqlBool>`(${order.by}, ${order.id}) >= (${last}, ${asId(id)})`);
  }
  const parts = log.parts(db).map((part) => conditions.reduce((rows, condition) => rows.where(condition), part));
  const page = cutPage(await rowsOf(keysOf(db, parts, log, { rows: request.limit + 1, most: mostRows })), request);
  return { ...page, nextCursor: page.nextCursor ?? (end && encodeCursor(request.secret, request.list, end)) };
}
