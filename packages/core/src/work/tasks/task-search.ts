import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { Dialect } from '../../database/engine.ts';
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

/** The query of the words, each of which must begin a word: letters, digits and marks only, so nothing in them is query syntax. */
export function searchQuery(dialect: Dialect, organizationId: string, terms: readonly string[]): string {
  if (dialect === 'postgresql') return terms.map((term) => `'${term}':*`).join(' & ');
  const words = terms.map((term) => `{title body} : "${term}" *`).join(' AND ');
  // The organization is a word of the index, so that a search looks at one tenant's rows only.
  return `organization : "${organizationId.replaceAll('-', '')}" AND ${words}`;
}

/** Whether a row of `task_search` has the words of a search query, on PostgreSQL. */
export const matches = (query: string): RawBuilder<SqlBool> => sql<SqlBool>`task_search.document @@ ${query}::tsquery`;

/**
 * The rows of `task_search` that have the words of a search query, on SQLite, to be joined with them. The index is then asked once:
 * with `in`, the planner compared every task with every row that was found.
 */
export const found = (query: string) =>
  sql<{
    sequence: number;
  }>`(select rowid as sequence from task_search_index where task_search_index match ${query})`.as('found');

/** How a term begins a word of the title. */
export const titlePattern = (term: string): string => `% ${term}%`;

/**
 * How many of the patterns the title has: a whole number from the row's own words. Ranks that depend on other rows move
 * whenever anyone writes, break cursors, and tell tenants about each other.
 */
export function rank(patterns: readonly string[]): RawBuilder<number> {
  const hits = patterns.map((pattern) => sql`case when task_search.title like ${pattern} then 1 else 0 end`);
  return sql<number>`(${sql.join(hits, sql` + `)})`;
}
