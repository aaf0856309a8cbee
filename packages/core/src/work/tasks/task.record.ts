import type { Subject } from '../../access/index.ts';
import type { Row } from '../../database/schema.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { keyOf } from '../../kernel/text.ts';
import { defineRecord } from '../../records/index.ts';
import { workErrors } from '../work.errors.ts';
import { type TaskEntity, taskTable } from './task.entity.ts';
import { taskEvents } from './task.events.ts';
import { type LinkIds, linkIdsOf, nameLinks } from './task.links.ts';
import { namesForUnit } from './task.names.ts';
import { Task, taskPriorities, taskStatuses } from './task.schema.ts';

/** The columns that lists are sorted by. */
export const sortColumnsOf = ({ title, status, priority }: Pick<Task, 'title' | 'status' | 'priority'>) => ({
  titleSort: keyOf(title),
  statusRank: taskStatuses.indexOf(status),
  priorityRank: taskPriorities.indexOf(priority),
});

export const tasks = defineRecord(taskTable, {
  output: Task,
  events: taskEvents,
  derived: sortColumnsOf,
  missing: workErrors.task_not_found,
});

/** What a decision needs to know about a task. */
export const taskSubject = (
  task: Pick<Row<typeof TaskEntity>, 'priority' | 'teamId' | 'projectId'>,
  assigneeIds: readonly string[],
): Subject => ({ ...tasks.subject(task, assigneeIds), priority: task.priority });

/** A task that is locked, with the ids of what is linked to it. */
export type LockedTask = Row<typeof TaskEntity> & { [Kind in Exclude<keyof LinkIds, 'muted'>]: readonly string[] };

export const withLinkIds = (
  row: Row<typeof TaskEntity>,
  { assigneeIds, tagIds, blockedBy, blocks, watcherIds }: LinkIds,
): LockedTask => ({
  ...row,
  assigneeIds: assigneeIds.get(row.id) ?? [],
  tagIds: (tagIds.get(row.id) ?? []).toSorted(),
  blockedBy: blockedBy.get(row.id) ?? [],
  blocks: blocks.get(row.id) ?? [],
  watcherIds: watcherIds.get(row.id) ?? [],
});

/** One id by itself, because its statement is the one that reads a single row. */
export const oneOrMany = (ids: readonly string[]): string | readonly string[] => {
  const [only, ...others] = ids;
  return only !== undefined && others.length === 0 ? only : ids;
};

/** Locks tasks to change them, together with their links. Those that the caller does not see are missing. */
export async function lockTasks(unit: Unit, ids: readonly string[], trash = false) {
  // The lock is sent first, so that the links are those of the locked tasks.
  const locking = tasks.lockMany(unit, { id: oneOrMany(ids) }, { trash });
  const linking = linkIdsOf(
    unit.db,
    ids.map((id) => ({ id })),
  );
  const [rows, linkIds, names] = await Promise.all([locking, linking, namesForUnit(unit)]);
  /** Names what is linked to the tasks. The caller is among the people. */
  const nameAll = () => {
    const { principal } = unit.ctx;
    const authors = rows.flatMap(({ createdById, updatedById }) => [createdById, updatedById]);
    const people = principal ? [...authors, principal.userId] : authors;
    const projectIds = rows.map(({ projectId }) => projectId);
    return nameLinks(unit.db, names, linkIds, people, projectIds);
  };
  return { locked: new Map(rows.map((row) => [row.id, withLinkIds(row, linkIds)])), nameAll };
}

/**
 * Locks a task to change it, together with its links.
 * @param check refuses a task that exists, before its version is checked
 * @throws `task_not_found`, what `check` throws, `version_conflict`
 */
export async function lockTask(unit: Unit, id: string, check: (task: LockedTask) => void, trash = false) {
  const { locked, nameAll } = await lockTasks(unit, [id], trash);
  const task = locked.get(id);
  if (!task) throw workErrors.task_not_found();
  check(task);
  unit.checkVersion(task);
  return { task, nameAll };
}
