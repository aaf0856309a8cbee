import { type RawBuilder, sql, type SqlBool } from 'kysely';
import type { Dialect } from '../../database/engine.ts';
import { searchTerms } from '../../kernel/text.ts';

/** The words of a task as `task_search` keeps them: folded, a space before each. */
export function searchRow(task: { organizationId: string; id: string; title: string; description: string | null }) {
  const words = (source: string) =>
    searchTerms(source)
      .map((term) => ` ${term}`)
      .join('');
  return {
    organizationId: task.organizationId,
    taskId: task.id,
    title: words(task.title),
    body: words(task.description ?? ''),
  };
}

/** Every term must begin a word. Terms are letters and digits only, so nothing in them is query syntax. */
export function matches(dialect: Dialect, organizationId: string, terms: readonly string[]): RawBuilder<SqlBool> {
  if (dialect === 'postgresql')
    return sql<SqlBool>`task_search.document @@ ${terms.map((term) => `'${term}':*`).join(' & ')}::tsquery`;
  const words = terms.map((term) => `{title body} : "${term}" *`).join(' AND ');
  const query = `organization_id : "${organizationId.replaceAll('-', ' ')}" AND ${words}`;
  return sql<SqlBool>`task_search.sequence in (select rowid from task_search_index where task_search_index match ${query})`;
}

/**
 * How many of the terms begin a word of the title: a whole number from the row's own words. Ranks that depend on other rows
 * move whenever anyone writes, break cursors, and tell tenants about each other.
 */
export function rank(terms: readonly string[]): RawBuilder<number> {
  const hits = terms.map((term) => sql`case when task_search.title like ${`% ${term}%`} then 1 else 0 end`);
  return sql<number>`(${sql.join(hits, sql` + `)})`;
}
