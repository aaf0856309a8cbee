import { type NewEvent, recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { diff } from '../../kernel/changes.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { limitExceeded } from '../../tenancy/index.ts';
import { searchRow } from './task-search.ts';
import { TaskSearchEntity } from './task-search.entity.ts';
import { TaskEntity } from './task.entity.ts';
import { taskEvents } from './task.events.ts';
import { numbersTaken, releaseQuota, takeQuotaAndNumber } from './task.quota.ts';
import { sortColumnsOf } from './task.record.ts';
import type { Task } from './task.schema.ts';
import { takePlaces } from './task.project.ts';
import { linkAssignees, linkTags } from './task.service.ts';

/** A new task, with what `createTask` would add. */
export interface WholeTask extends Pick<
  Task,
  | 'id'
  | 'title'
  | 'description'
  | 'status'
  | 'priority'
  | 'dueDate'
  | 'estimatedHours'
  | 'actualHours'
  | 'parentId'
  | 'teamId'
  | 'projectId'
  | 'createdAt'
  | 'deletedAt'
> {
  createdById: string;
  assigneeIds: readonly string[];
  tagIds: readonly string[];
}

/** Returns the events of a task: it was created, and perhaps moved to the trash. */
function eventsOf(task: WholeTask, trashId: string | null): NewEvent[] {
  const { id, createdById: actorId, createdAt: _at, deletedAt: _trashed, ...fields } = task;
  const { title } = task;
  const created = taskEvents.created.about(id, { data: { title, version: 1 }, changes: diff({}, fields), actorId });
  if (trashId === null) return [created];
  const data = { title, version: 2, trashId, permanent: false };
  return [created, taskEvents.deleted.about(id, { data, actorId })];
}

/**
 * Adds many made-up tasks by a few large statements, with their links, words, numbers, places and events. It neither authorizes nor
 * checks rules, so the caller must know that the references are valid. Tasks in the trash count as deleted by their creator.
 * @param tasks parents before their subtasks
 * @throws `limit_exceeded`
 */
export async function addTasks(ctx: ServiceContext, tasks: readonly WholeTask[]): Promise<void> {
  await mutate(ctx, async (unit) => {
    const { first, max } = await numbersTaken(unit, await takeQuotaAndNumber(unit, tasks.length), tasks.length);
    if (max !== null) throw limitExceeded('tasks', max);
    const places = await takePlaces(unit, tasks);
    const rows = tasks.map(({ assigneeIds: _people, tagIds: _tags, ...task }, index) => ({
      ...unit.owner,
      ...task,
      ...places.get(task.id),
      ...sortColumnsOf(task),
      number: first + index,
      startDate: null,
      isLinked: false,
      completedAt: task.status === 'done' ? task.createdAt : null,
      trashId: task.deletedAt === null ? null : uuidv7(),
      version: task.deletedAt === null ? 1 : 2,
      updatedAt: task.deletedAt ?? task.createdAt,
      updatedById: task.createdById,
    }));
    await unit.insert(TaskEntity, ...rows);
    await Promise.all([
      linkAssignees(unit, tasks),
      linkTags(unit, tasks),
      unit.insert(TaskSearchEntity, ...tasks.map((task) => searchRow(unit, task))),
      recordEvents(unit, ...tasks.flatMap((task, index) => eventsOf(task, rows[index]?.trashId ?? null))),
      releaseQuota(unit, tasks.filter(({ deletedAt }) => deletedAt !== null).length),
    ]);
  });
}
