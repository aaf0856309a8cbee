import { type Expression, type RawBuilder, type SelectQueryBuilder, sql, type SqlBool } from 'kysely';
import { type CursorKey, decodeCursor, encodeCursor } from '../kernel/cursor.ts';
import type { ServiceContext } from './context.ts';
import { countAll } from './sql.ts';
import { asId, asText } from './typed-value.ts';

/** What a list is sorted by: an SQL expression, made unique by the id. */
export interface SortColumn {
  by: RawBuilder<unknown>;
  /** Orders rows with the same value of `by`, before the id does. It must not be null. */
  thenBy?: RawBuilder<unknown>;
  /** Nulls come last, in both directions. @default false */
  nullable?: boolean;
}

export interface PageOrder extends SortColumn {
  /** A column that has the same value in the whole list. The order begins with it, because the database uses the index only then. */
  prefix?: { column: RawBuilder<unknown>; value: unknown } | undefined;
  descending: boolean;
  /** The column that makes the order total. */
  id: RawBuilder<unknown>;
}

/** `-dueDate` among the columns of a list. */
export function orderOf<Field extends string>(
  sort: Field | `-${Field}`,
  columns: Readonly<Record<Field, SortColumn>>,
  id: RawBuilder<unknown>,
): PageOrder {
  const descending = sort.startsWith('-');
  const field = (descending ? sort.slice(1) : sort) as Field;
  return { ...columns[field], descending, id };
}

export interface PageRequest {
  limit: number;
  /** The sort key after which the page starts; null is the first page. */
  after: CursorKey | null;
  /** The name of the list with its order: what a cursor is bound to. */
  list: string;
  secret: string;
}

/**
 * The request of a page: a cursor is bound to the list, its order and its organization.
 * @throws `validation_failed` when the cursor is another list's
 */
export function pageRequest(
  ctx: ServiceContext,
  name: string,
  sort: string,
  input: { limit: number; cursor?: string | undefined },
): PageRequest {
  const list = `${ctx.principal?.organizationId ?? ''} ${name} ${sort}`;
  const secret = ctx.settings.secretKey;
  const after = input.cursor === undefined ? null : decodeCursor(secret, list, input.cursor);
  return { limit: input.limit, after, list, secret };
}

/** Where a page begins: at the start, after a value, or after a row without one. */
export type PageStart = 'first' | 'value' | 'null';

export const startOf = ({ after }: PageRequest): PageStart =>
  after === null ? 'first' : after[0] === null ? 'null' : 'value';

/** The values of a page: real ones, or the slots of a statement. */
export interface PageValues {
  /** One more than is shown. */
  rows: number | RawBuilder<number>;
  afterValue: CursorKey[number];
  afterId: CursorKey[number];
  afterThen: CursorKey[number];
}

export const pageValues = ({ limit, after }: PageRequest) => ({
  rows: limit + 1,
  afterValue: after?.[0] ?? null,
  afterId: after?.[1] ?? null,
  afterThen: after?.[2] ?? null,
});

function startsAfter(order: PageOrder, start: PageStart, values: PageValues): RawBuilder<SqlBool> {
  const { prefix, by, thenBy, id } = order;
  // It is bound as text, because a title may look like an id.
  const afterValue = by === id ? asId(values.afterValue) : asText(values.afterValue);
  const afterId = asId(values.afterId);
  const past = order.descending ? sql`<` : sql`>`;
  if (!order.nullable) {
    const columns = [...(prefix ? [prefix.column] : []), by, ...(thenBy ? [thenBy] : []), id];
    const after = [...(prefix ? [prefix.value] : []), afterValue, ...(thenBy ? [values.afterThen] : []), afterId];
    return sql<SqlBool>`(${sql.join(columns)}) ${past} (${sql.join(after)})`;
  }
  if (start === 'null') return sql<SqlBool>`(${by} is null and ${id} ${past} ${afterId})`;
  return sql<SqlBool>`(${by} ${past} ${afterValue} or (${by} = ${afterValue} and ${id} ${past} ${afterId}) or ${by} is null)`;
}

/** Sorts a query and cuts its page. One more row than is shown says whether there is a next page. */
export function paged<DB, TB extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, TB, Row>,
  order: PageOrder,
  start: PageStart,
  values: PageValues,
): SelectQueryBuilder<DB, TB, Row & Sorted> {
  const direction = order.descending ? sql`desc` : sql`asc`;
  let result = query.select(sql<string | number | null>`${order.by}`.as('sortValue'));
  if (order.thenBy) result = result.select(sql<string | number>`${order.thenBy}`.as('sortThen'));
  if (start !== 'first') result = result.where(startsAfter(order, start, values) as Expression<SqlBool>);
  if (order.prefix) result = result.orderBy(sql`${order.prefix.column} ${direction}`);
  if (order.nullable) result = result.orderBy(sql`${order.by} is null`);
  result = result.orderBy(sql`${order.by} ${direction}`);
  if (order.thenBy) result = result.orderBy(sql`${order.thenBy} ${direction}`);
  return result.orderBy(sql`${order.id} ${direction}`).limit(sql<number>`${values.rows}`) as never;
}

/**
 * Makes two queries of a page in a nullable order: the rows with a value, and then those without. The second is read only when the first
 * has too few rows. No index has the order of both in one query.
 */
export function pagedHalves<DB, TB extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, TB, Row>,
  order: PageOrder,
  start: PageStart,
  values: PageValues,
): [SelectQueryBuilder<DB, TB, Row & Sorted>, ...SelectQueryBuilder<DB, TB, Row & Sorted>[]] {
  const { by } = order;
  const half = (none: boolean, from: PageStart) => {
    const rows = query.where((none ? sql`${by} is null` : sql`${by} is not null`) as Expression<SqlBool>);
    return paged(rows, { ...order, nullable: false }, from, values);
  };
  if (start !== 'null') return [half(false, start), half(true, 'first')];
  // All these rows have no value, so the id alone orders them: see `startsAfter`.
  const rest = query.where(startsAfter(order, start, values) as Expression<SqlBool>);
  return [paged(rest, { ...order, nullable: false }, 'first', values)];
}

/** What a row was sorted by. */
export type Sorted = { sortValue: string | number | null; sortThen?: string | number };

/** Takes away the row too many and makes the cursor. */
export function cutPage<Row extends { id: string } & Sorted>(
  rows: readonly Row[],
  request: PageRequest,
): { rows: readonly Row[]; nextCursor: string | null } {
  const shown = rows.slice(0, request.limit);
  const last = shown.at(-1);
  const more = rows.length > request.limit && last;
  const then = last?.sortThen === undefined ? [] : [last.sortThen];
  return {
    rows: shown,
    nextCursor: more ? encodeCursor(request.secret, request.list, [last.sortValue, last.id, ...then]) : null,
  };
}

/** Reads one page of a query that is built for it. */
export async function readPage<DB, TB extends keyof DB, Row extends { id: string }>(
  query: SelectQueryBuilder<DB, TB, Row>,
  order: PageOrder,
  request: PageRequest,
) {
  const rows = await paged(query, order, startOf(request), pageValues(request)).execute();
  return cutPage(rows as (Row & Sorted)[], request);
}

/** How many rows a list has in all. */
export async function countOf<DB, TB extends keyof DB, Row>(query: SelectQueryBuilder<DB, TB, Row>): Promise<number> {
  const row = (await query.select(countAll().as('total')).executeTakeFirstOrThrow()) as { total: number };
  return row.total;
}
