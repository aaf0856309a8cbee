import { uuidv7 } from './ids.ts';
import type { ActivityPage } from './activity.ts';
import { rowOfNew, type Status, type Task, type TaskRow } from './fields.ts';
import type { Figures } from './figures.ts';
import type { Link, Name, TaskPage } from './task.ts';

/** Who sends a request, and in which organization. */
export interface Caller {
  userId: string;
  organizationId: string;
}

export interface NewTask {
  title: string;
  assigneeIds: string[];
  tagIds: string[];
}

/** The work of the server on a database. Null means that the task, or something that it should refer to, does not exist. */
export interface Store {
  organizationOf(userId: string): Promise<string | null>;
  list(caller: Caller, status: Status, limit: number): Promise<TaskPage>;
  get(caller: Caller, id: string): Promise<Task | null>;
  create(caller: Caller, requestId: string, task: NewTask): Promise<Task | null>;
  setStatus(caller: Caller, requestId: string, id: string, status: Status): Promise<Task | null>;
  /** The tasks that have a word, those with the word in the title first. */
  search(caller: Caller, word: string, limit: number): Promise<TaskPage>;
  /** The tasks of a project with one status, in the order of the project. */
  board(caller: Caller, projectId: string, status: Status, limit: number): Promise<TaskPage>;
  /** The newest tasks that were created before an instant, as events. */
  activity(caller: Caller, before: string, limit: number): Promise<ActivityPage>;
  /** The figures of the tasks that were created before an instant. */
  figures(caller: Caller, createdBefore: string): Promise<Figures>;
  /** Changes many tasks in one transaction. */
  setHours(caller: Caller, requestId: string, ids: readonly string[], hours: number): Promise<Task[] | null>;
}

/** A person or a tag that a new task should refer to, as found in its organization. */
export interface Reference extends Name {
  /** The status of a member. Null for a tag. */
  status: string | null;
}

/** Whether everything exists that the task should refer to. */
export function allFound(task: NewTask, references: readonly Reference[]): boolean {
  const found = new Set(
    references.filter(({ kind, status }) => kind === 'tag' || status === 'active').map(({ id }) => id),
  );
  return [...task.assigneeIds, ...task.tagIds].every((id) => found.has(id));
}

/** The links of a new task. */
export const newLinks = (taskId: string, { assigneeIds, tagIds }: NewTask): Link[] => [
  ...assigneeIds.map((id, position): Link => ({ kind: 'assignee', taskId, position, id })),
  ...tagIds.map((id): Link => ({ kind: 'tag', taskId, position: 0, id })),
];

/** The row of a new task, without its number. */
export const newRow = ({ userId }: Caller, { title }: NewTask, now: Date): TaskRow =>
  rowOfNew(uuidv7(now.getTime()), title, userId, now.toISOString());

/** The row after a change of the estimated hours. */
export const withHours = (row: TaskRow, estimatedHours: number, { userId }: Caller, now: Date): TaskRow => ({
  ...row,
  estimatedHours,
  version: row.version + 1,
  updatedAt: now.toISOString(),
  updatedById: userId,
});

/** The row after a change of status. `done` sets completedAt, `archived` keeps it, every other status clears it. */
export function withStatus(row: TaskRow, status: Status, { userId }: Caller, now: Date): TaskRow {
  const at = now.toISOString();
  const completedAt = status === 'done' ? at : status === 'archived' ? row.completedAt : null;
  return { ...row, status, completedAt, version: row.version + 1, updatedAt: at, updatedById: userId };
}
