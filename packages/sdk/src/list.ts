/** One page of a list. */
export interface Page<Item> {
  data: readonly Item[];
  /** Goes into the input's `cursor` to read on; null on the last page. */
  nextCursor: string | null;
  /** How many there are in all, if `total` was asked for. */
  total?: number | undefined;
}

/** A list that was asked for: awaited it is the page, and in `for await` it is every row of this page and of those after it. */
export interface List<Answer extends Page<unknown>> extends Promise<Answer>, AsyncIterable<Answer['data'][number]> {
  /** Every page from this one on, each fetched when it is asked for. */
  pages(): AsyncIterable<Answer>;
}

/**
 * @param fetchPage fetches the page at a cursor, or the first one; that one is fetched at once, like any call
 */
export function listOf(fetchPage: (cursor?: string) => Promise<Page<unknown>>): List<Page<unknown>> {
  const first = fetchPage();
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
