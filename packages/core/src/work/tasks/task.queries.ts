import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { statement } from '../../database/statement.ts';
import type { Person } from '../../kernel/schemas.ts';
import { workErrors } from '../work.errors.ts';
import { linksOfPage, linksOfTask, type TaskLinks } from './task.links.ts';
import type { Task, TaskId } from './task.schema.ts';

export const taskColumns = [
  'tasks.id',
  'tasks.number',
  'tasks.title',
  'tasks.description',
  'tasks.status',
  'tasks.priority',
  'tasks.due_date as dueDate',
  'tasks.start_date as startDate',
  'tasks.estimated_hours as estimatedHours',
  'tasks.actual_hours as actualHours',
  'tasks.completed_at as completedAt',
  'tasks.parent_id as parentId',
  'tasks.team_id as teamId',
  'tasks.created_by_id as createdById',
  'tasks.updated_by_id as updatedById',
  'tasks.created_at as createdAt',
  'tasks.updated_at as updatedAt',
  'tasks.deleted_at as deletedAt',
  'tasks.version',
] as const;

/** A task without the things that are joined to it. */
export type TaskRow = Omit<Task, 'key' | 'assignees' | 'tags' | 'createdBy' | 'updatedBy'> & {
  createdById: string;
  updatedById: string;
};

const unknownPerson = (id: string): Person => ({ id, username: null, fullName: null });

/** Puts a task together as the wire shows it, members in the order of the schema. */
export function assembleTask(row: TaskRow, links: TaskLinks): Task {
  const person = (id: string) => links.people.get(id) ?? unknownPerson(id);
  return {
    id: row.id,
    number: row.number,
    key: null,
    title: row.title,
    description: row.description,
    status: row.status,
    priority: row.priority,
    dueDate: row.dueDate,
    startDate: row.startDate,
    estimatedHours: row.estimatedHours,
    actualHours: row.actualHours,
    completedAt: row.completedAt,
    parentId: row.parentId,
    teamId: row.teamId,
    assignees: links.assigneeIds.get(row.id)?.map(person) ?? [],
    tags: links.tags.get(row.id) ?? [],
    createdBy: person(row.createdById),
    updatedBy: person(row.updatedById),
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    deletedAt: row.deletedAt,
    version: row.version,
  };
}

/** The tasks of some rows, in their order. */
export async function tasksOf(db: ReadDoor, rows: readonly TaskRow[]): Promise<Task[]> {
  const links = await linksOfPage(db, rows);
  return rows.map((row) => assembleTask(row, links));
}

const livingTask = statement((db, { id }: { id: string }) =>
  db.selectFrom('tasks').select(taskColumns).where('tasks.id', '=', id).where('tasks.deleted_at', 'is', null),
);

/** @throws `task_not_found` when the caller sees no such task, or it is in the trash: missing, foreign and invisible are one */
export async function requireTask(db: ReadDoor, id: string): Promise<TaskRow> {
  const [row] = await db.run(livingTask, { id });
  if (!row) throw workErrors.task_not_found();
  return row;
}

const livingTaskLocked = statement((db, { id }: { id: string }, dialect) => {
  const query = db
    .selectFrom('tasks')
    .select(taskColumns)
    .where('tasks.id', '=', id)
    .where('tasks.deleted_at', 'is', null);
  // SQLite has one writer.
  return dialect === 'postgresql' ? query.forUpdate() : query;
});

/**
 * Reads a task to change it, locked until commit.
 * @throws `task_not_found` when the caller sees no such task, or it is in the trash
 */
export async function lockTask(db: ReadDoor, id: string): Promise<TaskRow> {
  const [row] = await db.run(livingTaskLocked, { id });
  if (!row) throw workErrors.task_not_found();
  return row;
}

/** @throws `task_not_found` */
export async function getTask(ctx: ServiceContext, { id }: TaskId): Promise<Task> {
  authorize(ctx, 'task:read');
  return read(ctx, async (db) => {
    const [row, links] = await Promise.all([requireTask(db, id), linksOfTask(db, id)]);
    return assembleTask(row, links);
  });
}
