import { sql, type SqlBool } from 'kysely';
import { anyOf } from '../database/sql.ts';
import { statement } from '../database/statement.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { type JobRun, stepRows } from '../jobs/index.ts';
import { nilId } from '../kernel/ids.ts';
import type { dueTypes } from './notification.types.ts';
import { tellSoon } from './reaction.ts';

type DueType = (typeof dueTypes)[number];

const dayMs = 86_400_000;

/** How long before its due date a task counts as due soon. */
const soonMs = dayMs;
/** How long after its due date people are still notified of an overdue task. The server may have been down that long. */
const lateMs = 7 * dayMs;

const nextOrganizations = statement((db, { after, limit }: { after: string; limit: number }) =>
  db
    .selectFrom('organizations')
    .select('organizations.id')
    .where('organizations.id', '>', after)
    .where('organizations.is_active', '=', true)
    .where('organizations.deleted_at', 'is', null)
    .orderBy('organizations.id')
    .limit(limit),
);

interface Window extends Readonly<Record<string, unknown>> {
  organizationIds: readonly string[];
  after: Date;
  until: Date;
  type: DueType;
  limit: number;
}

/**
 * Selects open tasks of some organizations that are due in a window and have no notice for this due date. The index of overdue tasks finds
 * them.
 */
const untold = statement((db, { organizationIds, after, until, type, limit }: Window, dialect) =>
  db
    .selectFrom('tasks')
    .leftJoin('due_notices', (join) =>
      join
        .onRef('due_notices.organization_id', '=', 'tasks.organization_id')
        .onRef('due_notices.task_id', '=', 'tasks.id')
        .on('due_notices.type', '=', type),
    )
    .select(['tasks.organization_id as organizationId', 'tasks.id as taskId', 'tasks.due_date as dueDate'])
    .where(anyOf(dialect, 'tasks.organization_id', organizationIds))
    // This must be the exact condition of the index.
    .where(sql<SqlBool>`tasks.deleted_at is null and tasks.status_rank < 3 and tasks.due_date is not null`)
    .where(sql<SqlBool>`tasks.due_date > ${after} and tasks.due_date <= ${until}`)
    .where(sql<SqlBool>`(due_notices.due_date is null or due_notices.due_date <> tasks.due_date)`)
    .limit(limit),
);

/** Writes a notice for each task, so that people are notified once for each due date, and starts a job in each organization. */
async function tellDue(
  unit: Unit,
  type: DueType,
  found: readonly { organizationId: string; taskId: string; dueDate: string }[],
) {
  await unit.db
    .insertInto('due_notices')
    .values(
      found.map(({ organizationId, taskId, dueDate }) => ({
        organization_id: organizationId,
        task_id: taskId,
        type,
        due_date: new Date(dueDate),
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'task_id', 'type'])
        .doUpdateSet({ due_date: (row) => row.ref('excluded.due_date') }),
    )
    .execute();
  for (const [organizationId, due] of Map.groupBy(found, (task) => task.organizationId)) {
    const tasks = due.map(({ taskId, dueDate }) => ({ type, taskId, dueDate }));
    await tellSoon(unit, { due: tasks }, organizationId);
  }
}

/** Finds the tasks of all organizations that are due within a day or overdue, some organizations at a time. */
export async function findDue(job: JobRun): Promise<{ found: number }> {
  let after = nilId;

  async function step(unit: Unit): Promise<number | null> {
    const organizations = await unit.db.run(nextOrganizations, { after, limit: stepRows });
    const organizationIds = organizations.map(({ id }) => id);
    const last = organizationIds.at(-1);
    if (last === undefined) return null;
    const now = unit.now.getTime();
    const windows = [
      { type: 'task.overdue', after: new Date(now - lateMs), until: unit.now },
      { type: 'task.due_soon', after: unit.now, until: new Date(now + soonMs) },
    ] as const;
    let count = 0;
    for (const window of windows) {
      const limit = stepRows - count;
      const found = await unit.db.run(untold, { ...window, organizationIds, limit });
      if (found.length > 0)
        await tellDue(
          unit,
          window.type,
          found.flatMap(({ dueDate, ...task }) => (dueDate === null ? [] : [{ ...task, dueDate }])),
        );
      count += found.length;
      // The same organizations may have more.
      if (found.length === limit) return count;
    }
    after = last;
    return count;
  }

  return { found: await job.steps(step) };
}
