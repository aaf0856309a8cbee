import { authorize, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { errors } from '../../kernel/errors.ts';
import { tenancyErrors } from '../../tenancy/index.ts';
import { workErrors } from '../work.errors.ts';
import { linksOfPage } from './task.links.ts';
import { tasks, taskSubject } from './task.record.ts';
import type { TaskReassign, TasksReassigned } from './task.schema.ts';

/** Tasks of one statement. */
const batch = 500;

type Handover = Pick<TaskReassign, 'userId' | 'toUserId'>;

/** @throws `member_not_found`, `assignee_not_found` */
async function requirePeople(db: ReadDoor, organizationId: string, { userId, toUserId }: Handover): Promise<void> {
  const members = await db
    .selectFrom('memberships')
    .select(['memberships.user_id as userId', 'memberships.status'])
    .where('memberships.organization_id', '=', organizationId)
    .where('memberships.user_id', 'in', [userId, toUserId])
    .execute();
  if (!members.some((member) => member.userId === userId)) throw tenancyErrors.member_not_found();
  if (!members.some((member) => member.userId === toUserId && member.status === 'active'))
    throw workErrors.assignee_not_found({ field: ['toUserId'] });
}

/** The ids of the next open tasks of a user. */
async function openTaskIds({ db }: Unit, userId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('tasks')
    .select('tasks.id')
    .where('tasks.deleted_at', 'is', null)
    .where('tasks.status', 'not in', ['done', 'archived'])
    .where('tasks.id', 'in', (where) =>
      where.selectFrom('task_assignees').select('task_assignees.task_id').where('task_assignees.user_id', '=', userId),
    )
    .orderBy('tasks.id')
    .limit(batch)
    .execute();
  return rows.map(({ id }) => id);
}

/** The assignees as they will be: the new one takes the place of the old one, or keeps their own. */
const handedOver = (assigneeIds: readonly string[], { userId, toUserId }: Handover): string[] =>
  assigneeIds.includes(toUserId)
    ? assigneeIds.filter((id) => id !== userId)
    : assigneeIds.map((id) => (id === userId ? toUserId : id));

async function moveLinks({ db }: Unit, taskIds: readonly string[], { userId, toUserId }: Handover): Promise<void> {
  await db
    .deleteFrom('task_assignees')
    .where('user_id', '=', userId)
    .where(anyOf(db.dialect, 'task_id', taskIds))
    .where('task_id', 'in', (where) =>
      where.selectFrom('task_assignees as other').select('other.task_id').where('other.user_id', '=', toUserId),
    )
    .execute();
  await db
    .updateTable('task_assignees')
    .set({ user_id: toUserId })
    .where('user_id', '=', userId)
    .where(anyOf(db.dialect, 'task_id', taskIds))
    .execute();
}

/**
 * Hands every open task of a current or former member to another member, who takes their place among the assignees. Each
 * task's version rises once. Tasks that are done, archived, in the trash or invisible to the caller stay.
 * @throws `permission_denied`, `validation_failed` when both are the same, `member_not_found`, `assignee_not_found`
 */
export async function reassignTasks(ctx: ServiceContext, { userId, toUserId }: TaskReassign): Promise<TasksReassigned> {
  requirePermission(ctx, 'task:reassign');
  const { organizationId } = ctx.principal;
  if (userId === toUserId)
    throw errors.validation_failed({
      field: ['toUserId'],
      message: 'Name somebody else: they have the tasks already.',
    });
  const handover = { userId, toUserId };
  return mutate(ctx, async (unit) => {
    await requirePeople(unit.db, organizationId, handover);
    for (let reassigned = 0; ;) {
      const locked = await tasks.lockMany(unit, { id: await openTaskIds(unit, userId) });
      if (locked.length === 0) return { reassigned };
      const { assigneeIds } = await linksOfPage(unit.db, locked);
      // Somebody else may have unassigned the user while the lock was waited for.
      const theirs = locked
        .map((task) => ({ ...task, assigneeIds: assigneeIds.get(task.id) ?? [] }))
        .filter((task) => task.assigneeIds.includes(userId));
      for (const task of theirs)
        for (const people of [task.assigneeIds, handedOver(task.assigneeIds, handover)])
          authorize(ctx, 'task:reassign', taskSubject(task, people));
      await moveLinks(
        unit,
        theirs.map(({ id }) => id),
        handover,
      );
      await tasks.changeMany(unit, theirs, (task) => ({ assigneeIds: handedOver(task.assigneeIds, handover) }));
      reassigned += theirs.length;
    }
  });
}
