export const statuses = ['todo', 'in_progress', 'in_review', 'done', 'archived'] as const;
export type Status = (typeof statuses)[number];

interface Person {
  id: string;
  username: string | null;
  fullName: string | null;
}

interface Tag {
  id: string;
  name: string;
  color: string;
}

/** A task as the wire shows it. */
export interface Task {
  id: string;
  number: number;
  key: null;
  title: string;
  description: string | null;
  status: Status;
  priority: string;
  dueDate: string | null;
  startDate: string | null;
  estimatedHours: number | null;
  actualHours: number | null;
  completedAt: string | null;
  parentId: string | null;
  teamId: string | null;
  assignees: Person[];
  tags: Tag[];
  createdBy: Person;
  updatedBy: Person;
  createdAt: string;
  updatedAt: string;
  deletedAt: string | null;
  version: number;
}

export interface TaskPage {
  data: Task[];
  nextCursor: string | null;
}

/** A row of `tasks`, with the instants as the wire has them. */
export interface TaskRow extends Omit<Task, 'key' | 'assignees' | 'tags' | 'createdBy' | 'updatedBy'> {
  createdById: string;
  updatedById: string;
}

/** An assignee or a tag of a task. */
export interface Link {
  kind: 'assignee' | 'tag';
  taskId: string;
  /** Of an assignee among the others of the task. */
  position: number;
  id: string;
}

/** A person or a tag. */
export interface Name {
  kind: 'person' | 'tag';
  id: string;
  name: string | null;
  detail: string | null;
}

const byName = (a: Tag, b: Tag): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** Puts rows, their links and the names of what they link to together. */
export function assemble(rows: readonly TaskRow[], links: readonly Link[], names: readonly Name[]): Task[] {
  const people = new Map<string, Person>();
  const tags = new Map<string, Tag>();
  for (const { kind, id, name, detail } of names)
    if (kind === 'tag') tags.set(id, { id, name: name ?? '', color: detail ?? '' });
    else people.set(id, { id, username: name, fullName: detail });
  const personOf = (id: string): Person => people.get(id) ?? { id, username: null, fullName: null };

  const linksOf = new Map<string, { assignees: Person[]; tags: Tag[] }>();
  for (const { id } of rows) linksOf.set(id, { assignees: [], tags: [] });
  // Most tasks have one assignee: sorting here, when there is something to sort, is cheaper than in the database.
  const ordered = links.some(({ position }) => position > 0)
    ? links.toSorted((a, b) => a.position - b.position)
    : links;
  for (const { kind, taskId, id } of ordered) {
    const found = linksOf.get(taskId);
    if (kind === 'assignee') found?.assignees.push(personOf(id));
    else found?.tags.push(tags.get(id) ?? { id, name: '', color: '' });
  }

  return rows.map((row) => {
    const found = linksOf.get(row.id) ?? { assignees: [], tags: [] };
    if (found.tags.length > 1) found.tags.sort(byName);
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
      assignees: found.assignees,
      tags: found.tags,
      createdBy: personOf(row.createdById),
      updatedBy: personOf(row.updatedById),
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
      deletedAt: row.deletedAt,
      version: row.version,
    };
  });
}

/** What has to be named in the answer: everything that the rows and their links point at, each once. */
export function pointedAt(rows: readonly TaskRow[], links: readonly Link[]): { tagIds: string[]; userIds: string[] } {
  const tagIds = new Set<string>();
  const userIds = new Set<string>();
  for (const { createdById, updatedById } of rows) userIds.add(createdById).add(updatedById);
  for (const { kind, id } of links) (kind === 'tag' ? tagIds : userIds).add(id);
  return { tagIds: [...tagIds], userIds: [...userIds] };
}

/** A page of the rows read: one more than asked for says that there is a next one. */
export function cut(rows: readonly TaskRow[], limit: number): { shown: readonly TaskRow[]; nextCursor: string | null } {
  const shown = rows.length > limit ? rows.slice(0, limit) : rows;
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { shown, nextCursor: last ? Buffer.from(`${last.createdAt} ${last.id}`).toString('base64url') : null };
}
