import { sql } from 'kysely';
import { anyOf, checked, countAll } from '../../database/sql.ts';
import { statement } from '../../database/statement.ts';
import type { IncludeReader } from '../../records/index.ts';
import { unique } from '../../kernel/unique.ts';
import type { Task, TaskInclude, TaskProject } from './task.schema.ts';
import { readTaskRefs } from './task.seers.ts';

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

const projectRows = statement<{ ids: readonly string[] }, TaskProject>((db, { ids }, dialect) =>
  db
    .selectFrom('projects')
    .select(['projects.id', 'projects.key', 'projects.name'])
    .where(anyOf(dialect, 'projects.id', ids))
    .where('projects.deleted_at', 'is', null),
);

const readProjects: IncludeReader<Task> = async (db, _ids, rows) => {
  const ids = unique(rows.flatMap(({ projectId }) => projectId ?? []));
  const found = new Map((ids.length > 0 ? await db.run(projectRows, { ids }) : []).map((row) => [row.id, row]));
  return (_id, { projectId }) => ({ project: found.get(projectId ?? '') ?? null });
};

const readParents: IncludeReader<Task> = async (db, _ids, rows) => {
  const found = await readTaskRefs(db, unique(rows.flatMap(({ parentId }) => parentId ?? [])));
  return (_id, { parentId }) => ({ parent: found.get(parentId ?? '') ?? null });
};

/** What reads each name. Rooms that tasks do not know, such as comments, add theirs. */
export const taskIncludeReaders = new Map<TaskInclude, IncludeReader<Task>>([
  ['project', readProjects],
  ['parent', readParents],
  ['progress', readProgress],
]);
