import { sql } from 'kysely';
import { decide, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { statementFamily } from '../../database/statement.ts';
import { asId } from '../../database/typed-value.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { type Job, type JobHandlers, type JobRun, startJob, stepRows } from '../../jobs/index.ts';
import { jobPrincipal } from '../../tenancy/index.ts';
import { linkIdsOf } from './task.links.ts';
import { taskSubject } from './task.record.ts';
import { removeLeaves } from './task.leaves.ts';
import type { TrashEmptied } from './task.schema.ts';
import type { TaskInTree } from './task.trash.ts';
import { countOf, mostCounted } from './task.tree.ts';

/** Where a page of the trash begins: after this row, in the order of the newest first. */
interface Place {
  deletedAt: string;
  id: string;
}

const trashPage = statementFamily<
  { from: boolean },
  Readonly<Record<string, unknown>>,
  { id: string; deletedAt: string | null }
>((db, { at, id, limit }, _dialect, { from }) => {
  const page = db
    .selectFrom('tasks')
    .select(['tasks.id', 'tasks.deleted_at as deletedAt'])
    .where('tasks.deleted_at', 'is not', null)
    .orderBy('tasks.deleted_at', 'desc')
    .orderBy('tasks.id', 'desc')
    .limit(sql<number>`${limit}`);
  return from ? page.where(sql<boolean>`(tasks.deleted_at, tasks.id) < (${at}, ${asId(id)})`) : page;
});

/** The next tasks of the trash that the principal sees. Subtasks are younger than their parents, so they usually come first. */
const readPage = ({ db }: Unit, from: Place | null, limit: number) =>
  db.run(trashPage({ from: from !== null }), from ? { at: new Date(from.deletedAt), id: from.id, limit } : { limit });

/** Those tasks of the trash that the principal may delete for ever. */
async function deletable(unit: Unit, rows: readonly TaskInTree[], at: Date): Promise<TaskInTree[]> {
  const { principal } = unit.ctx;
  const { assigneeIds } = await linkIdsOf(unit.invisible, rows);
  const isAllowed = (task: TaskInTree) =>
    principal !== null &&
    decide(principal, 'task:delete_any', taskSubject(task, assigneeIds.get(task.id) ?? []), at).allowed;
  return rows.filter((task) => task.deletedAt !== null && isAllowed(task));
}

/**
 * Makes a step that deletes some of the trash for ever. It goes through the trash again and again, until a whole round has deleted
 * nothing: a task that was a parent at first may be none any more.
 * @param at the hour that counts for what the principal may delete
 */
function emptying(at: Date): (unit: Unit) => Promise<number | null> {
  let from: Place | null = null;
  let found = false;
  return async (unit) => {
    const page = await readPage(unit, from, stepRows);
    const last = page.at(-1);
    from = last?.deletedAt ? { id: last.id, deletedAt: last.deletedAt } : null;
    if (!last) {
      if (!found) return null;
      found = false;
      return 0;
    }
    const ids = page.map(({ id }) => id);
    let changed = 0;
    for (let removed = -1; removed !== 0; changed += removed)
      removed = await removeLeaves(unit, ids, (rows) => deletable(unit, rows, at));
    if (changed > 0) found = true;
    return changed;
  };
}

/**
 * Deletes everything in the trash for ever that the caller sees there and may delete. Of more than 500 tasks it deletes none yet,
 * and starts a job.
 */
export async function emptyTrash(ctx: ServiceContext): Promise<TrashEmptied | Job> {
  requirePermission(ctx, 'task:delete_any');
  return mutate(ctx, async (unit): Promise<TrashEmptied | Job> => {
    const page = await readPage(unit, null, stepRows + 1);
    if (page.length > stepRows) return startJob(unit, 'tasks.emptyTrash', {});
    const step = emptying(unit.now);
    let deleted = 0;
    for (let changed = await step(unit); changed !== null; changed = await step(unit)) deleted += changed;
    return { deleted };
  });
}

async function emptyRest(ctx: ServiceContext, job: JobRun): Promise<TrashEmptied> {
  const left = async ({ invisible }: Unit) => {
    const trashed = invisible.selectFrom('tasks').select('tasks.id').where('tasks.deleted_at', 'is not', null);
    const counted = invisible.selectFrom(trashed.limit(mostCounted + 1).as('found'));
    return countOf(await counted.select(sql<number>`cast(count(*) as integer)`.as('count')).executeTakeFirst());
  };
  const at = job.starter?.at ?? ctx.clock.now();
  return { deleted: await job.steps(emptying(at), { principal: () => jobPrincipal(ctx, job), left }) };
}

export const emptyTrashHandlers: JobHandlers = {
  'tasks.emptyTrash': (ctx, _payload, job) => emptyRest(ctx, job),
};
