import { type Expression, type RawBuilder, type SelectQueryBuilder, sql, type SqlBool } from 'kysely';
import type { ServiceContext } from './context.ts';
import { type CursorKey, decodeCursor, encodeCursor } from '../kernel/cursor.ts';

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

function after(order: PageOrder, [value, id]: CursorKey): RawBuilder<SqlBool> {
  const { by } = order;
  const past = order.descending ? sql`<` : sql`>`;
  if (!order.nullable) return sql<SqlBool>`(${by}, ${order.id}) ${past} (${value}, ${id})`;
  if (value === null) return sql<SqlBool>`(${by} is null and ${order.id} ${past} ${id})`;
  return sql<SqlBool>`(${by} ${past} ${value} or (${by} = ${value} and ${order.id} ${past} ${id}) or ${by} is null)`;
}

export interface PageRequest {
  limit: number;
  cursor?: string | undefined;
  /** The name of the list with its order: what a cursor is bound to. */
  list: string;
  secret: string;
}

/** One more row than asked for is read: whether it is there says whether there is a next page. */
export function paged<DB, TB extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, TB, Row>,
  order: PageOrder,
  request: PageRequest,
): SelectQueryBuilder<DB, TB, Row & { sortValue: string | number | null }> {
  const direction = order.descending ? sql`desc` : sql`asc`;
  let result = query.select(sql<string | number | null>`${order.by}`.as('sortValue'));
  if (request.cursor !== undefined)
    result = result.where(
      after(order, decodeCursor(request.secret, request.list, request.cursor)) as Expression<SqlBool>,
    );
  if (order.nullable) result = result.orderBy(sql`${order.by} is null`);
  return result
    .orderBy(sql`${order.by} ${direction}`)
    .orderBy(sql`${order.id} ${direction}`)
    .limit(request.limit + 1) as never;
}

/** Cuts the row too many and makes the cursor. */
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

/** The request of a page: a cursor is bound to the list, its order and its organization. */
export function pageRequest(
  ctx: ServiceContext,
  list: string,
  sort: string,
  input: { limit: number; cursor?: string | undefined },
): PageRequest {
  return {
    limit: input.limit,
    cursor: input.cursor,
    list: `${ctx.principal?.organizationId ?? ''} ${list} ${sort}`,
    secret: ctx.settings.secretKey,
  };
}

/** How many rows a list has in all. */
export async function countOf<DB, TB extends keyof DB, Row>(query: SelectQueryBuilder<DB, TB, Row>): Promise<number> {
  const counted = query.select(sql<number>`cast(count(*) as integer)`.as('total'));
  const row = (await counted.executeTakeFirstOrThrow()) as { total: number };
  return row.total;
}
