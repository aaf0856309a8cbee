import type { ServiceContext } from '../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../database/paging.ts';
import type { Page } from '../kernel/schemas.ts';
import type { Fields, RecordReader } from './reader.ts';

/** What every list takes. */
export interface ListInput {
  limit: number;
  cursor?: string | undefined;
  total: boolean;
  /** A field, descending with `-`. */
  sort: string;
}

/** The property that a field is sorted by: text by `nameSort`, ranks by `statusRank`, everything else by itself. */
const sortProperty = (reader: RecordReader, field: string): string =>
  [`${field}Sort`, `${field}Rank`].find((property) => reader.has(property)) ?? field;

/** Reads a page of a query on the table of a record. */
export async function readList<Item>(
  ctx: ServiceContext,
  reader: RecordReader,
  input: ListInput,
  query: ReturnType<RecordReader['from']>,
  showAll: (rows: readonly Fields[]) => Promise<Item[]>,
  name = reader.table,
): Promise<Page<Item>> {
  const request = pageRequest(ctx, name, input.sort, input);
  const property = sortProperty(reader, input.sort.replace('-', ''));
  const columns = { [property]: { by: reader.ref(property), nullable: reader.isNullable(property) } };
  const sort = input.sort.startsWith('-') ? (`-${property}` as const) : property;
  const selected = reader.select(query);
  const { rows, nextCursor } = await readPage(
    // The next page begins after an id. That of a link is the id of what it links to.
    (reader.has('id') ? selected : selected.select(reader.id.as('id'))) as never,
    orderOf(sort, columns, reader.id),
    request,
  );
  return { data: await showAll(rows), nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
}
