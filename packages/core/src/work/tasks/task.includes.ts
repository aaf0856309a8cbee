import { sql } from 'kysely';
import type { ReadDoor } from '../../database/read-door.ts';
import { anyOf, checked, countAll } from '../../database/sql.ts';
import { statement } from '../../database/statement.ts';
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

/** Reads what some tasks show in addition. Returns a function that answers it for one of them. */
type Reader = (db: ReadDoor, ids: readonly string[]) => Promise<(id: string) => Partial<Task>>;

const readProgress: Reader = async (db, ids) => {
  const rows = await db.run(progressRows, { ids });
  const found = new Map(rows.map(({ parentId, total, done }) => [parentId, { total, done }]));
  return (id) => ({ progress: found.get(id) ?? { total: 0, done: 0 } });
};

/** What reads each name. Rooms that tasks do not know, such as comments, add theirs. */
export const taskIncludeReaders = new Map<TaskInclude, Reader>([['progress', readProgress]]);

/** Adds to some tasks what the client has asked for by `include`, each name by one statement for all of them. */
export async function including(
  db: ReadDoor,
  tasks: readonly Task[],
  include: readonly TaskInclude[] = [],
): Promise<Task[]> {
  let shown = [...tasks];
  if (shown.length === 0) return shown;
  for (const name of include) {
    const of = await taskIncludeReaders.get(name)?.(
      db,
      tasks.map(({ id }) => id),
    );
    if (!of) throw new Error(`Nothing reads ${name}.`);
    shown = shown.map((task) => ({ ...task, ...of(task.id) }));
  }
  return shown;
}
