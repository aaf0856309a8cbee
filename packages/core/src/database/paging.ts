import { type Expression, type RawBuilder, type SelectQueryBuilder, sql, type SqlBool } from 'kysely';
import { type CursorKey, decodeCursor, encodeCursor } from '../kernel/cursor.ts';
import type { ServiceContext } from './context.ts';
import { countAll } from './sql.ts';
import { asId, asText } from './typed-value.ts';

/** What a list is sorted by: an SQL expression, made unique by the id. */
export interface SortColumn {
  by: RawBuilder<unknown>;
  /** Nulls come last, in both directions. @default false */
  nullable?: boolean;
}

export interface PageOrder extends SortColumn {
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

/** Where a page begins: at the start, after a value, or among the rows without one. */
export type PageStart = 'first' | 'value' | 'null';

export const startOf = ({ after }: PageRequest): PageStart =>
  after === null ? 'first' : after[0] === null ? 'null' : 'value';

/** The values of a page: real ones, or the slots of a statement. */
export interface PageValues {
  /** One more than is shown. */
  rows: number;
  afterValue: CursorKey[number];
  afterId: CursorKey[number];
}

export const pageValues = ({ limit, after }: PageRequest) => ({
  rows: limit + 1,
  afterValue: after?.[0] ?? null,
  afterId: after?.[1] ?? null,
});

function startsAfter(order: PageOrder, start: PageStart, { afterValue, afterId }: PageValues): RawBuilder<SqlBool> {
  const { by, id } = order;
  // A title may look like an id.
  const value = by === id ? asId(afterValue) : asText(afterValue);
  const last = asId(afterId);
  const past = order.descending ? sql`<` : sql`>`;
  if (!order.nullable) return sql<SqlBool>`(${by}, ${id}) ${past} (${value}, ${last})`;
  if (start === 'null') return sql<SqlBool>`(${by} is null and ${id} ${past} ${last})`;
  return sql<SqlBool>`(${by} ${past} ${value} or (${by} = ${value} and ${id} ${past} ${last}) or ${by} is null)`;
}

/** Sorts a query and cuts its page. One more row than is shown says whether there is a next page. */
export function paged<DB, TB extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, TB, Row>,
  order: PageOrder,
  start: PageStart,
  values: PageValues,
): SelectQueryBuilder<DB, TB, Row & { sortValue: string | number | null }> {
  const direction = order.descending ? sql`desc` : sql`asc`;
  let result = query.select(sql<string | number | null>`${order.by}`.as('sortValue'));
  if (start !== 'first') result = result.where(startsAfter(order, start, values) as Expression<SqlBool>);
  if (order.nullable) result = result.orderBy(sql`${order.by} is null`);
  return result
    .orderBy(sql`${order.by} ${direction}`)
    .orderBy(sql`${order.id} ${direction}`)
    .limit(sql<number>`${values.rows}`) as never;
}

/** Takes away the row too many and makes the cursor. */
export function cutPage<Row extends { id: string; sortValue: string | number | null }>(
  rows: readonly Row[],
  request: PageRequest,
): { rows: readonly Row[]; nextCursor: string | null } {
  const shown = rows.slice(0, request.limit);
  const last = shown.at(-1);
  const more = rows.length > request.limit && last;
  return {
    rows: shown,
    nextCursor: more ? encodeCursor(request.secret, request.list, [last.sortValue, last.id]) : null,
  };
}

/** Reads one page of a query that is built for it. */
export async function readPage<DB, TB extends keyof DB, Row extends { id: string }>(
  query: SelectQueryBuilder<DB, TB, Row>,
  order: PageOrder,
  request: PageRequest,
) {
  const rows = await paged(query, order, startOf(request), pageValues(request)).execute();
  return cutPage(rows as (Row & { sortValue: string | number | null })[], request);
}

/** How many rows a list has in all. */
export async function countOf<DB, TB extends keyof DB, Row>(query: SelectQueryBuilder<DB, TB, Row>): Promise<number> {
  const row = (await query.select(countAll().as('total')).executeTakeFirstOrThrow()) as { total: number };
  return row.total;
}
