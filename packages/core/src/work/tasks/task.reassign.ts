import { sql } from 'kysely';
import { z } from 'zod';
import { authorize, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { type Job, type JobHandlers, type JobPayload, type JobRun, startJob, stepRows } from '../../jobs/index.ts';
import { errors } from '../../kernel/errors.ts';
import { jobPrincipal, tenancyErrors } from '../../tenancy/index.ts';
import { readAssignable, requireAssignable } from '../projects/project.people.ts';
import { workErrors } from '../work.errors.ts';
import { TaskAssigneeEntity } from './task.entity.ts';
import { linkIdsOf } from './task.links.ts';
import { tasks, taskSubject } from './task.record.ts';
import type { TaskReassign, TasksReassigned } from './task.schema.ts';
import { countOf, mostCounted } from './task.tree.ts';

/** A task with the ids of its assignees, in order. */
interface Assigned {
  id: string;
  assigneeIds: readonly string[];
}

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

/** The open tasks of a user that the principal sees. */
const openTasks = ({ db }: Unit, userId: string) =>
  db
    .selectFrom('task_assignees')
    .innerJoin('tasks', 'tasks.id', 'task_assignees.task_id')
    .select('tasks.id')
    .where('task_assignees.user_id', '=', userId)
    // Written so that no index of all living tasks is taken, which PostgreSQL does before it knows the table.
    .where(sql<boolean>`(tasks.deleted_at is null) is true`)
    .where('tasks.status', 'not in', ['done', 'archived']);

async function openTaskIds(unit: Unit, userId: string, limit: number): Promise<string[]> {
  const rows = await openTasks(unit, userId).orderBy('task_assignees.task_id').limit(limit).execute();
  return rows.map(({ id }) => id);
}

/** The assignees as they will be: the new one takes the place of the old one, or keeps their own. */
const handedOver = (assigneeIds: readonly string[], { userId, toUserId }: Handover): string[] =>
  assigneeIds.includes(toUserId)
    ? assigneeIds.filter((id) => id !== userId)
    : assigneeIds.map((id) => (id === userId ? toUserId : id));

/** The new assignee takes the place of the old one. Where they have one already, the old one goes. */
async function moveLinks(unit: Unit, theirs: readonly Assigned[], { userId, toUserId }: Handover): Promise<void> {
  const [both = [], others = []] = [true, false].map((assigned) =>
    theirs.filter(({ assigneeIds }) => assigneeIds.includes(toUserId) === assigned).map(({ id }) => id),
  );
  await unit.delete(TaskAssigneeEntity, { userId, taskId: both });
  await unit.update(TaskAssigneeEntity, { userId, taskId: others }, { userId: toUserId });
}

/**
 * Locks some open tasks of the user, with their assignees.
 * @throws `permission_denied` unless the principal may hand over each of them, `assignee_not_in_project`
 */
async function lockOpen(unit: Unit, ids: readonly string[], handover: Handover, at: Date) {
  const locked = await tasks.lockMany(unit, { id: ids });
  const { assigneeIds } = await linkIdsOf(unit.db, locked);
  // Somebody else may have unassigned the user while the lock was waited for.
  const theirs = locked
    .map((task) => ({ ...task, assigneeIds: assigneeIds.get(task.id) ?? [] }))
    .filter((task) => task.assigneeIds.includes(handover.userId));
  const acting = { principal: unit.ctx.principal, clock: { now: () => at } };
  for (const task of theirs)
    for (const people of [task.assigneeIds, handedOver(task.assigneeIds, handover)])
      authorize(acting, 'task:reassign', taskSubject(task, people));
  const userIds = [handover.toUserId];
  const projectIds = theirs.flatMap(({ projectId }) => projectId ?? []);
  const assignable = await readAssignable(
    unit,
    projectIds.map((projectId) => ({ projectId, userIds })),
  );
  for (const projectId of projectIds) requireAssignable(assignable, projectId, userIds, ['toUserId']);
  return theirs;
}

/** Hands some open tasks over. Answers how many, or null when none was left. */
async function handOverSome(unit: Unit, handover: Handover, at: Date): Promise<number | null> {
  await requirePeople(unit.db, unit.owner.organizationId, handover);
  const ids = await openTaskIds(unit, handover.userId, stepRows);
  if (ids.length === 0) return null;
  const theirs = await lockOpen(unit, ids, handover, at);
  await moveLinks(unit, theirs, handover);
  await tasks.changeMany(unit, theirs, (task) => ({ assigneeIds: handedOver(task.assigneeIds, handover) }));
  return theirs.length;
}

/**
 * Hands every open task of a current or former member to another member, who takes their place among the assignees. Each
 * task's version rises once. Tasks that are done, archived, in the trash or invisible to the caller stay. Of more than 500 tasks it
 * hands over none yet, and starts a job.
 * @throws `permission_denied`, `validation_failed` when both are the same, `member_not_found`, `assignee_not_found`,
 * `assignee_not_in_project`
 */
export async function reassignTasks(
  ctx: ServiceContext,
  { userId, toUserId }: TaskReassign,
): Promise<TasksReassigned | Job> {
  requirePermission(ctx, 'task:reassign');
  if (userId === toUserId)
    throw errors.validation_failed({
      field: ['toUserId'],
      message: 'Name somebody else: they have the tasks already.',
    });
  const handover = { userId, toUserId };
  return mutate(ctx, async (unit): Promise<TasksReassigned | Job> => {
    await requirePeople(unit.db, unit.owner.organizationId, handover);
    const ids = await openTaskIds(unit, userId, stepRows + 1);
    if (ids.length > stepRows) {
      await lockOpen(unit, ids, handover, unit.now);
      return startJob(unit, 'members.reassignTasks', handover);
    }
    return { reassigned: (await handOverSome(unit, handover, unit.now)) ?? 0 };
  });
}

const HandoverJob = z.object({ userId: z.string(), toUserId: z.string() });

/** Decides on each task for whoever started it, by their present roles and by the hour at which they started it. */
async function handOverRest(ctx: ServiceContext, payload: JobPayload, job: JobRun): Promise<TasksReassigned> {
  const handover = HandoverJob.parse(payload);
  const at = job.starter?.at ?? ctx.clock.now();
  const reassigned = await job.steps((unit) => handOverSome(unit, handover, at), {
    principal: () => jobPrincipal(ctx, job),
    left: async (unit) => {
      const open = unit.db.selectFrom(
        openTasks(unit, handover.userId)
          .limit(mostCounted + 1)
          .as('found'),
      );
      return countOf(await open.select(sql<number>`cast(count(*) as integer)`.as('count')).executeTakeFirst());
    },
  });
  return { reassigned };
}

export const reassignHandlers: JobHandlers = { 'members.reassignTasks': handOverRest };
