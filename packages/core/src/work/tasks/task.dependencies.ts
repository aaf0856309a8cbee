import { type RawBuilder, sql } from 'kysely';
import { authorize, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countAll } from '../../database/sql.ts';
import { current, statement } from '../../database/statement.ts';
import { asId } from '../../database/typed-value.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { lockOrganization } from '../../tenancy/index.ts';
import { workErrors } from '../work.errors.ts';
import { TaskDependencyEntity } from './task.entity.ts';
import { taskEvents } from './task.events.ts';
import { finishedRank } from './task.filters.ts';
import { markLinked } from './task.links.ts';
import { assembleTask } from './task.queries.ts';
import { lockTask, type LockedTask, tasks, taskSubject } from './task.record.ts';
import type { Task, TaskDependency } from './task.schema.ts';

/** How many tasks one waits for at most, and how many wait for it. */
const mostDependencies = 50;

interface Pair extends Readonly<Record<string, unknown>> {
  taskId: string;
  blockerId: string;
}

const circle = statement<Pair, { id: string }>((db, { taskId, blockerId }) => {
  // Raw SQL passes by the first wall, so each part names the organization.
  const blockersOf = (task: RawBuilder<unknown>) =>
    sql`task_dependencies link where link.organization_id = ${asId(current.organization)} and link.task_id = ${task}`;
  const query = sql<{ id: string }>`
    with recursive above(id) as (
      select link.blocker_id from ${blockersOf(sql`${asId(blockerId)}`)}
      union
      select link.blocker_id from above cross join ${blockersOf(sql`above.id`)}
    )
    select id from above where id = ${asId(taskId)}`;
  return { compile: () => query.compile(db) };
});

const counts = statement((db, { taskId, blockerId }: Pair) =>
  db.selectNoFrom([
    db.selectFrom('task_dependencies').select(countAll().as('count')).where('task_id', '=', taskId).as('blockers'),
    db.selectFrom('task_dependencies').select(countAll().as('count')).where('blocker_id', '=', blockerId).as('blocked'),
  ]),
);

/** @throws `dependency_cycle`, `too_many_dependencies` */
async function requirePossible({ invisible }: Unit, pair: Pair): Promise<void> {
  const [found] = await invisible.run(circle, pair);
  if (found || pair.taskId === pair.blockerId) throw workErrors.dependency_cycle({ field: ['otherId'] });
  const [{ blockers, blocked } = { blockers: 0, blocked: 0 }] = await invisible.run(counts, pair);
  if (Math.max(blockers ?? 0, blocked ?? 0) >= mostDependencies) throw workErrors.too_many_dependencies();
}

const authorizeUpdate = (ctx: ServiceContext) => (task: LockedTask) =>
  authorize(ctx, 'task:update', taskSubject(task, task.assigneeIds));

/**
 * Makes a task wait for another one. Only the version of the task that waits rises, and not when it waits for it already.
 * @throws `permission_denied`, `task_not_found` when the caller does not see both, `version_conflict`, `dependency_cycle` when the other
 * one waits for this one, `too_many_dependencies`
 */
export async function addDependency(ctx: ServiceContext, { id, otherId }: TaskDependency): Promise<Task> {
  requirePermission(ctx, 'task:update');
  return mutate(ctx, async (unit) => {
    // Of two dependencies that would close a circle together, one then sees the other.
    await lockOrganization(unit);
    const { task, nameAll } = await lockTask(unit, id, authorizeUpdate(ctx));
    const blocker = await tasks.refer(unit, otherId, 'otherId');
    const links = await nameAll();
    if (task.blockedBy.includes(otherId)) return assembleTask(task, links);
    await requirePossible(unit, { taskId: id, blockerId: otherId });
    await markLinked(unit, id, otherId);
    const isOpen = blocker.statusRank < finishedRank;
    await unit.insert(TaskDependencyEntity, { ...unit.owner, taskId: id, blockerId: otherId, isOpen });
    const blockedBy = [...task.blockedBy, otherId];
    const told = { event: taskEvents.dependency_added, data: { blockedBy: otherId }, later: true };
    const { after } = await tasks.change(unit, task, { blockedBy }, told);
    return assembleTask(after, { ...links, ids: { ...links.ids, blockedBy: new Map([[id, blockedBy]]) } });
  });
}

/**
 * Lets a task no longer wait for another one. Only the version of the task that waited rises.
 * @throws `permission_denied`, `task_not_found`, `version_conflict`, `dependency_not_found` also when the caller does not see the other one
 */
export async function removeDependency(ctx: ServiceContext, { id, otherId }: TaskDependency): Promise<Task> {
  requirePermission(ctx, 'task:update');
  return mutate(ctx, async (unit) => {
    const { task, nameAll } = await lockTask(unit, id, authorizeUpdate(ctx));
    const links = await nameAll();
    if (!task.blockedBy.includes(otherId)) throw workErrors.dependency_not_found({ field: ['otherId'] });
    await unit.delete(TaskDependencyEntity, { taskId: id, blockerId: otherId });
    const blockedBy = task.blockedBy.filter((each) => each !== otherId);
    const told = { event: taskEvents.dependency_removed, data: { blockedBy: otherId }, later: true };
    const { after } = await tasks.change(unit, task, { blockedBy }, told);
    return assembleTask(after, { ...links, ids: { ...links.ids, blockedBy: new Map([[id, blockedBy]]) } });
  });
}
