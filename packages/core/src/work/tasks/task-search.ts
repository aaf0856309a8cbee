import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { Dialect } from '../../database/engine.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { countAll } from '../../database/sql.ts';
import { current, statement } from '../../database/statement.ts';
import { asId } from '../../database/typed-value.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { indexWords } from '../../kernel/search-words.ts';

/** The words of a task as `task_search` keeps them: folded, a space before each. */
export function searchRow(unit: Unit, task: { id: string; title: string; description?: string | null | undefined }) {
  const words = (source: string) =>
    indexWords(source)
      .map((word) => ` ${word}`)
      .join('');
  return {
    ...unit.owner,
    taskId: task.id,
    title: words(task.title),
    body: words(task.description ?? ''),
  };
}

/** How many hits are put in order. Of more hits, the newest come first. The function `search_tasks` has the same number plus one. */
const mostHits = 10_000;

/** A search that is prepared for the index. */
export interface Search {
  /** In the syntax of the database. Words are letters, digits and marks only, so nothing in them is query syntax. */
  query: string;
  /** Whether there are more hits than are put in order. */
  isBroad: boolean;
  /** Whether each hit must be checked, because the query leaves out words of the search. */
  checkHits: boolean;
}

/** How many words of the index may begin with a term. A term with more is looked up by its beginning instead of by these words. */
const mostCompletions = 128;

/** A query asks for so many words at most. */
const mostWords = 512;

const completions = statement<{ terms: readonly string[] }, { term: string; word: string }>((db, { terms }) => {
  // Each step seeks the next word, with a character behind the last one. With `>` it would read all rows that have the last word.
  const query = sql<{ term: string; word: string }>`
    with recursive words(term, word, place) as (
      select value, (select term from task_search_words where term >= value limit 1), 0 from json_each(${terms})
      union all
      select term, (select term from task_search_words where term >= words.word || char(1) limit 1), place + 1 from words
        where substr(word, 1, length(words.term)) = words.term and place <= ${sql.lit(mostCompletions)}
    )
    select words.term, word from words where substr(word, 1, length(words.term)) = words.term`;
  return { compile: () => query.compile(db) };
});

const anyWord = (words: readonly string[]): string => `(${words.map((word) => `"${word}"`).join(' OR ')})`;

const hitCount = statement<{ query: string }, { hits: number }>((db, { query }, dialect) => {
  const counted = sql<{ hits: number }>`select ${countAll()} as hits from ${hitsOf(dialect, query)} as found`;
  return { compile: () => counted.compile(db) };
});

async function countHits(db: ReadDoor, query: string): Promise<number> {
  return (await db.run(hitCount, { query }))[0]?.hits ?? 0;
}

/**
 * Prepares a search for terms, each of which must begin a word of a hit. For a beginning, FTS5 reads all rows before it answers the first
 * one, which takes a third of a second in a large table. For whole words it reads rows one by one, so the search asks for whole words, and
 * for one beginning at most. Otherwise somebody who searches for many single letters would keep all others waiting.
 */
async function searchSqlite(db: ReadDoor, terms: readonly string[]): Promise<Search> {
  const rows = await db.run(completions, { terms });
  const wordsOf = Map.groupBy(rows, ({ term }) => term);
  const found = terms
    .map((term) => ({ term, words: wordsOf.get(term)?.map(({ word }) => word) ?? [] }))
    .toSorted((a, b) => a.words.length - b.words.length);
  if (found.some(({ words }) => words.length === 0)) return { query: '', isBroad: false, checkHits: false };
  const asked: string[] = [];
  let count = 0;
  for (const { words } of found) {
    count += words.length;
    if (words.length > mostCompletions || count > mostWords) break;
    asked.push(anyWord(words));
  }
  // A long beginning has fewer hits than a short one.
  const [next, ...others] = found.slice(asked.length).toSorted((a, b) => b.term.length - a.term.length);
  const whole = asked.join(' AND ');
  if (!next || asked.length > 0) {
    const isBroad = (await countHits(db, whole)) > mostHits;
    if (!next || !isBroad) return { query: whole, isBroad, checkHits: next !== undefined };
  }
  const checkHits = others.length > 0;
  const known = [...asked, anyWord(next.words.slice(0, mostCompletions))].join(' AND ');
  const isBroad = (await countHits(db, known)) > mostHits;
  if (isBroad || next.words.length <= mostCompletions) return { query: known, isBroad, checkHits };
  const query = [...asked, `"${next.term}" *`].join(' AND ');
  return { query, isBroad: (await countHits(db, query)) > mostHits, checkHits };
}

/** Prepares a search for the beginnings of words. Returns null when nothing can be found. */
export async function searchFor(db: ReadDoor, terms: readonly string[]): Promise<Search | null> {
  if (terms.length === 0) return null;
  if (db.dialect === 'sqlite') {
    const search = await searchSqlite(db, terms);
    return search.query === '' ? null : search;
  }
  const query = terms.map((term) => `'${term}':*`).join(' & ');
  return { query, isBroad: (await countHits(db, query)) > mostHits, checkHits: false };
}

/**
 * Selects the newest hits of a query, one more than are put in order. On PostgreSQL a function of the migrations selects them, because
 * under row-level security `@@` cannot use an index.
 */
export const hitsOf = (dialect: Dialect, query: string): RawBuilder<unknown> =>
  dialect === 'postgresql'
    ? sql`search_tasks(${current.organization}, ${query}::tsquery)`
    : // The organization is a word of each row, so a search reads the rows of one tenant only.
      sql`(select rowid as sequence from task_search_index
          where task_search_index match '"_' || hex(${asId(current.organization)}) || '" AND ' || ${query}
          order by rowid desc limit ${sql.lit(mostHits + 1)})`;

/** The condition that one row of `task_search` is a hit. It uses no index. */
export const isHit = (dialect: Dialect, query: string, words: readonly string[]): RawBuilder<SqlBool> =>
  dialect === 'postgresql'
    ? sql<SqlBool>`task_search.document @@ ${query}::tsquery`
    : sql<SqlBool>`(${sql.join(
        words.map((word) => sql`instr(task_search.title || task_search.body, ${word}) > 0`),
        sql` and `,
      )})`;

/** A term as it begins a word of the title. */
export const wordStart = (term: string): string => ` ${term}`;

/**
 * Counts how many of some beginnings of words the title has. This depends on the row alone. Ranks that depend on other rows change whenever
 * somebody writes, break cursors, and reveal tenants to each other.
 */
export function rank(dialect: Dialect, title: RawBuilder<unknown>, starts: readonly string[]): RawBuilder<number> {
  const position = dialect === 'sqlite' ? 'instr' : 'strpos';
  const hits = starts.map((start) => sql`case when ${sql.raw(position)}(${title}, ${start}) > 0 then 1 else 0 end`);
  return sql<number>`(${sql.join(hits, sql` + `)})`;
}
