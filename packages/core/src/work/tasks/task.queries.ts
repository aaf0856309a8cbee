import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { type RowOf, statement } from '../../database/statement.ts';
import type { Person } from '../../kernel/schemas.ts';
import { including } from '../../records/index.ts';
import { workErrors } from '../work.errors.ts';
import { taskIncludeReaders } from './task.includes.ts';
import { linkIdsIn, linkIdsToShow, nameLinks, selectLinkIds, type TaskLinks } from './task.links.ts';
import { type Names, namesIn } from './task.names.ts';
import { tasks } from './task.record.ts';
import type { Task, TaskGet } from './task.schema.ts';

/** Selects what a task shows of itself, and the people whose names are read apart. */
export const selectTasks = (query: ReturnType<typeof tasks.from>) =>
  tasks.select(query, 'createdById', 'updatedById', 'projectNumber', 'isLinked');

const livingTask = statement((db, { id }: { id: string }) => selectTasks(tasks.from(db)).where('tasks.id', '=', id));

const livingTaskWithLinks = statement((db, { id }: { id: string }, dialect) =>
  selectTasks(tasks.from(db))
    .select(selectLinkIds(db, dialect, 'tasks.id'))
    .where('tasks.id', '=', id),
);

/** A task without the things that are joined to it. */
export type TaskRow = RowOf<typeof livingTask>;

/** Assembles a task in the shape of the wire. */
export function assembleTask(row: TaskRow, links: TaskLinks): Task {
  const person = (id: string): Person => links.people.get(id) ?? { id, username: null, fullName: null };
  const { projectId, projectNumber } = row;
  const { viewerId } = links;
  const { assigneeIds, blockedBy, blocks } = links.ids;
  const muted = links.ids.muted.get(row.id);
  // The creator and the assignees watch without a row of their own.
  const watchesAnyway =
    viewerId !== null && (row.createdById === viewerId || (assigneeIds.get(row.id)?.includes(viewerId) ?? false));
  return tasks.show(row, {
    key: projectId === null ? null : `${links.projectKeys.get(projectId)}-${projectNumber}`,
    assignees: assigneeIds.get(row.id)?.map(person) ?? [],
    tags: links.tags.get(row.id) ?? [],
    blockedBy: blockedBy.get(row.id)?.toSorted() ?? [],
    blocks: blocks.get(row.id)?.toSorted() ?? [],
    watching: muted === undefined ? watchesAnyway : !muted,
    createdBy: person(row.createdById),
    updatedBy: person(row.updatedById),
  });
}

const authorIds = ({ createdById, updatedById }: TaskRow): string[] => [createdById, updatedById];

const projectOf = ({ projectId }: TaskRow): string | null => projectId;

/** The tasks of some rows, in their order. */
export async function tasksOf(db: ReadDoor, names: Names, rows: readonly TaskRow[]): Promise<Task[]> {
  const linkIds = await linkIdsToShow(db, rows);
  const links = await nameLinks(db, names, linkIds, rows.flatMap(authorIds), rows.map(projectOf));
  return rows.map((row) => assembleTask(row, links));
}

/** @throws `task_not_found` when the task does not exist, is in the trash, or is invisible to the caller */
export async function requireTask(db: ReadDoor, id: string): Promise<TaskRow> {
  const [row] = await db.run(livingTask, { id });
  if (!row) throw workErrors.task_not_found();
  return row;
}

/** @throws `task_not_found` */
export async function getTask(ctx: ServiceContext, { id, include }: TaskGet): Promise<Task> {
  authorize(ctx, 'task:read');
  const names = await namesIn(ctx);
  return read(ctx, async (db) => {
    const [row] = await db.run(livingTaskWithLinks, { id });
    if (!row) throw workErrors.task_not_found();
    const linkIds = await linkIdsIn(db, row);
    const task = assembleTask(row, await nameLinks(db, names, linkIds, authorIds(row), [row.projectId]));
    const [shown = task] = include ? await including(taskIncludeReaders, db, [task], include) : [];
    return shown;
  });
}
