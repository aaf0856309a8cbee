import { uuidv7 } from './ids.ts';
import { rowOfNew, type Status, type Task, type TaskRow } from './fields.ts';
import type { Link, Name, TaskPage } from './task.ts';

/** Who acts, and where. */
export interface Caller {
  userId: string;
  organizationId: string;
}

export interface NewTask {
  title: string;
  assigneeIds: string[];
  tagIds: string[];
}

/** What the server asks of a database. Null means that a task, or what it should point at, is not there. */
export interface Store {
  organizationOf(userId: string): Promise<string | null>;
  list(caller: Caller, status: Status, limit: number): Promise<TaskPage>;
  get(caller: Caller, id: string): Promise<Task | null>;
  create(caller: Caller, requestId: string, task: NewTask): Promise<Task | null>;
  setStatus(caller: Caller, requestId: string, id: string, status: Status): Promise<Task | null>;
}

/** Somebody or something that a new task is to point at, found in its organization. */
export interface Reference extends Name {
  /** Of a member. */
  status: string | null;
}

/** Whether everything that the task is to point at is there. */
export function allFound(task: NewTask, references: readonly Reference[]): boolean {
  const found = new Set(
    references.filter(({ kind, status }) => kind === 'tag' || status === 'active').map(({ id }) => id),
  );
  return [...task.assigneeIds, ...task.tagIds].every((id) => found.has(id));
}

/** The links of a task that has just been made. */
export const newLinks = (taskId: string, { assigneeIds, tagIds }: NewTask): Link[] => [
  ...assigneeIds.map((id, position): Link => ({ kind: 'assignee', taskId, position, id })),
  ...tagIds.map((id): Link => ({ kind: 'tag', taskId, position: 0, id })),
];

/** The row of a task that has just been made. */
export const newRow = ({ userId }: Caller, { title }: NewTask, now: Date): TaskRow =>
  rowOfNew(uuidv7(now.getTime()), title, userId, now.toISOString());

/** The row after its status was changed: done sets completedAt, archiving keeps it, everything else clears it. */
export function withStatus(row: TaskRow, status: Status, { userId }: Caller, now: Date): TaskRow {
  const at = now.toISOString();
  const completedAt = status === 'done' ? at : status === 'archived' ? row.completedAt : null;
  return { ...row, status, completedAt, version: row.version + 1, updatedAt: at, updatedById: userId };
}
