import { type Arrived, type Call, callOf } from './responses.ts';

/** One page of a list. */
export interface Page<Item> {
  /** The rows of this page. */
  data: readonly Item[];
  /** Pass it as the input's `cursor` to read the next page; null on the last page. */
  nextCursor: string | null;
  /** How many rows there are in all, if the input asked for `total`. */
  total?: number | undefined;
}

/** The result of a list call. `await` gives the page. `for await` gives every row of this page and of all later pages. */
export interface List<Answer extends Page<unknown>> extends Call<Answer>, AsyncIterable<Answer['data'][number]> {
  /** Every page from this one on. Each is fetched when the loop asks for it. */
  pages(): AsyncIterable<Answer>;
}

/**
 * @param fetchPage fetches the page at a cursor, or the first page when that is null. The first page is fetched at once, as in any call
 */
export function listOf(
  fetchPage: (cursor: string | null, arrived?: Arrived) => Promise<Page<unknown>>,
): List<Page<unknown>> {
  const first = callOf((arrived) => fetchPage(null, arrived));
  async function* pages() {
    let page = await first;
    yield page;
    while (page.nextCursor !== null) {
      page = await fetchPage(page.nextCursor);
      yield page;
    }
  }
  async function* rows() {
    for await (const { data } of pages()) yield* data;
  }
  return Object.assign(first, { pages, [Symbol.asyncIterator]: rows });
}
