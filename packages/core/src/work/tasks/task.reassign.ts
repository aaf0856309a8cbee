import { sql } from 'kysely';
import { authorize, requirePermission } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { errors } from '../../kernel/errors.ts';
import { tenancyErrors } from '../../tenancy/index.ts';
import { workErrors } from '../work.errors.ts';
import { subjectOf } from './task.service.ts';
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

/** The next open tasks of a user, locked until commit in the order of their ids. */
function lockOpenTasks({ db }: Unit, userId: string) {
  const query = db
    .selectFrom('tasks')
    .select(['tasks.id', 'tasks.version', 'tasks.team_id as teamId', 'tasks.priority'])
    .where('tasks.deleted_at', 'is', null)
    .where('tasks.status', 'not in', ['done', 'archived'])
    .where('tasks.id', 'in', (where) =>
      where.selectFrom('task_assignees').select('task_assignees.task_id').where('task_assignees.user_id', '=', userId),
    )
    .orderBy('tasks.id')
    .limit(batch);
  // SQLite has one writer.
  return (db.dialect === 'postgresql' ? query.forUpdate() : query).execute();
}

async function assigneesOf({ db }: Unit, taskIds: readonly string[]): Promise<ReadonlyMap<string, string[]>> {
  const rows = await db
    .selectFrom('task_assignees')
    .select(['task_assignees.task_id as taskId', 'task_assignees.user_id as userId'])
    .where(anyOf(db.dialect, 'task_assignees.task_id', taskIds))
    .orderBy('task_assignees.position')
    .execute();
  const assignees = new Map<string, string[]>(taskIds.map((id) => [id, []]));
  for (const { taskId, userId } of rows) assignees.get(taskId)?.push(userId);
  return assignees;
}

/** The assignees as they will be: who takes over stands in the other's place, or stays in their own. */
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
 * Hands every open task of a member, or of somebody who was one, to another: in their place among the assignees. Each task's
 * version rises once. Tasks that are done, archived or in the trash, and those that the caller does not see, stay.
 * @throws `permission_denied`, `validation_failed` when both are the same, `member_not_found`, `assignee_not_found`
 */
export async function reassignTasks(ctx: ServiceContext, { userId, toUserId }: TaskReassign): Promise<TasksReassigned> {
  requirePermission(ctx, 'task:reassign');
  const { organizationId, userId: actorId } = ctx.principal;
  if (userId === toUserId)
    throw errors.validation_failed({
      field: ['toUserId'],
      message: 'Name somebody else: they have the tasks already.',
    });
  const people = { userId, toUserId };
  return mutate(ctx, async (unit) => {
    await requirePeople(unit.db, organizationId, people);
    for (let reassigned = 0; ;) {
      const locked = await lockOpenTasks(unit, userId);
      if (locked.length === 0) return { reassigned };
      const assignees = await assigneesOf(
        unit,
        locked.map((task) => task.id),
      );
      // Somebody else may have unassigned the user while the lock was waited for.
      const tasks = locked.filter(({ id }) => assignees.get(id)?.includes(userId));
      const ids = tasks.map((task) => task.id);
      const changed = tasks.map((task) => {
        const from = assignees.get(task.id) ?? [];
        const to = handedOver(from, people);
        for (const assigneeIds of [from, to]) authorize(ctx, 'task:reassign', subjectOf(task, assigneeIds));
        return { id: task.id, version: task.version + 1, from, to };
      });
      await moveLinks(unit, ids, people);
      await unit.db
        .updateTable('tasks')
        .set({
          version: sql<number>`version + 1`,
          updated_at: sql<string>`${unit.now}`,
          updated_by_id: actorId,
        })
        .where(anyOf(unit.db.dialect, 'tasks.id', ids))
        .execute();
      await recordEvents(
        unit,
        ...changed.map(({ id, version, from, to }) => ({
          type: 'task.updated',
          entity: { type: 'task', id },
          changes: { assigneeIds: { from, to } },
          data: { version },
        })),
      );
      reassigned += tasks.length;
    }
  });
}
