import type { ServiceContext } from '../database/context.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { anyOf } from '../database/sql.ts';
import { statement } from '../database/statement.ts';
import type { KeyKind } from '../kernel/keys.ts';

const projectsByKey = statement((db, { keys }: { keys: readonly string[] }, dialect) =>
  db
    .selectFrom('project_keys')
    .innerJoin('projects', 'projects.id', 'project_keys.project_id')
    .select(['project_keys.key', 'projects.id'])
    .where(anyOf(dialect, 'project_keys.key', keys, 'text')),
);

interface TaskKey extends Readonly<Record<string, unknown>> {
  key: string;
  number: number;
}

/** A key leads to the task that has the number in the project, or had it before it moved to another one. */
const taskByKey = statement((db, { key, number }: TaskKey) =>
  db
    .selectFrom('project_keys')
    .innerJoin('tasks', 'tasks.project_id', 'project_keys.project_id')
    .select('tasks.id')
    .where('project_keys.key', '=', key)
    .where('tasks.project_number', '=', number)
    .unionAll(
      db
        .selectFrom('project_keys')
        .innerJoin('task_keys', 'task_keys.project_id', 'project_keys.project_id')
        .innerJoin('tasks', 'tasks.id', 'task_keys.task_id')
        .select('tasks.id')
        .where('project_keys.key', '=', key)
        .where('task_keys.number', '=', number),
    ),
);

async function taskOf(db: ReadDoor, taskKey: string): Promise<string | undefined> {
  const [key = '', number = ''] = taskKey.split('-');
  return (await db.run(taskByKey, { key, number: Number(number) }))[0]?.id;
}

/** A key in an input, and what it names. */
export interface NamedKey {
  readonly kind: KeyKind;
  readonly key: string;
}

/**
 * Finds the ids of projects and tasks by keys that they have or had. What does not exist and what the caller does not see is missing in
 * the answer alike.
 */
export function resolveKeys(ctx: ServiceContext, keys: readonly NamedKey[]): Promise<Map<string, string>> {
  const of = (wanted: KeyKind) => [...new Set(keys.flatMap(({ kind, key }) => (kind === wanted ? [key] : [])))];
  const [projects, tasks] = [of('project'), of('task')];
  return read(ctx, async (db) => {
    const found = new Map<string, string>();
    if (projects.length > 0)
      for (const { key, id } of await db.run(projectsByKey, { keys: projects })) found.set(key, id);
    for (const key of tasks) {
      const id = await taskOf(db, key);
      if (id !== undefined) found.set(key, id);
    }
    return found;
  });
}
