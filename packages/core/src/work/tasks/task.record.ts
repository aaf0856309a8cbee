import type { Subject } from '../../access/index.ts';
import type { Row } from '../../database/schema.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { keyOf } from '../../kernel/text.ts';
import { defineRecord } from '../../records/index.ts';
import { workErrors } from '../work.errors.ts';
import { type TaskEntity, taskTable } from './task.entity.ts';
import { taskEvents } from './task.events.ts';
import { linksOfTask, type TaskLinks } from './task.links.ts';
import { Task, taskPriorities, taskStatuses } from './task.schema.ts';

export const tasks = defineRecord(taskTable, {
  output: Task,
  events: taskEvents,
  derived: ({ title, status, priority }) => ({
    titleSort: keyOf(title),
    statusRank: taskStatuses.indexOf(status),
    priorityRank: taskPriorities.indexOf(priority),
  }),
  missing: workErrors.task_not_found,
});

const trashMs = 30 * 86_400_000;

/** Since when tasks have been in the trash that can still be restored. Older ones are purged within the hour. */
export const keptSince = (now: Date): Date => new Date(now.getTime() - trashMs);

/** What a decision needs to know about a task. */
export const taskSubject = (
  task: Pick<Row<typeof TaskEntity>, 'priority' | 'teamId'>,
  assigneeIds: readonly string[],
): Subject => ({ ...tasks.subject(task, assigneeIds), priority: task.priority });

/** A task that is locked, with the ids of what is linked to it. */
export type LockedTask = Row<typeof TaskEntity> & { assigneeIds: readonly string[]; tagIds: readonly string[] };

const withLinkIds = (row: Row<typeof TaskEntity>, links: TaskLinks): LockedTask => ({
  ...row,
  assigneeIds: links.assigneeIds.get(row.id) ?? [],
  tagIds: (links.tags.get(row.id) ?? []).map((tag) => tag.id).sort(),
});

/**
 * Locks a task to change it, together with its links.
 * @param check refuses a task that exists, before its version is checked
 * @throws `task_not_found`, what `check` throws, `version_conflict`
 */
export async function lockTask(unit: Unit, id: string, check: (task: LockedTask) => void, trash = false) {
  // The lock is sent first, so that the links are those of the locked task.
  const locking = tasks.lock(unit, id, { trash, check: async (row) => check(withLinkIds(row, await linking)) });
  const linking = linksOfTask(unit.db, id);
  const [row, links] = await Promise.all([locking, linking]);
  return { task: withLinkIds(row, links), links };
}
