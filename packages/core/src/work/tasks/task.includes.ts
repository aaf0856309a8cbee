import { sql } from 'kysely';
import { anyOf, checked, countAll } from '../../database/sql.ts';
import { statement } from '../../database/statement.ts';
import type { IncludeReader } from '../../records/index.ts';
import type { Task, TaskInclude } from './task.schema.ts';

interface ProgressRow {
  parentId: string;
  total: number;
  done: number;
}

const progressRows = statement<{ ids: readonly string[] }, ProgressRow>((db, { ids }, dialect) =>
  db
    .selectFrom('tasks')
    .select([
      sql.ref<string>('tasks.parent_id').as('parentId'),
      countAll().as('total'),
      sql<number>`cast(sum(case when tasks.status = 'done' then 1 else 0 end) as integer)`.as('done'),
    ])
    .where(anyOf(dialect, 'tasks.parent_id', ids))
    // Before PostgreSQL knows the table, it takes an index of all living tasks for as good as the one of subtasks.
    .where((where) => checked(where('tasks.deleted_at', 'is', null)))
    .groupBy('tasks.parent_id'),
);

const readProgress: IncludeReader<Task> = async (db, ids) => {
  const rows = await db.run(progressRows, { ids });
  const found = new Map(rows.map(({ parentId, total, done }) => [parentId, { total, done }]));
  return (id) => ({ progress: found.get(id) ?? { total: 0, done: 0 } });
};

/** What reads each name. Rooms that tasks do not know, such as comments, add theirs. */
export const taskIncludeReaders = new Map<TaskInclude, IncludeReader<Task>>([['progress', readProgress]]);
