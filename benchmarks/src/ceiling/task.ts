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

/** An assignee or a tag of a task, or somebody who made or changed one. */
export interface LinkRow {
  kind: 'assignee' | 'tag' | 'person';
  taskId: string | null;
  /** Of an assignee among the others of the task. */
  position: number;
  id: string;
  name: string | null;
  detail: string | null;
}

const byName = (a: Tag, b: Tag): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** Puts rows and their links together. */
export function assemble(rows: readonly TaskRow[], links: readonly LinkRow[]): Task[] {
  const people = new Map<string, Person>();
  const linksOf = new Map<string | null, { assignees: Person[]; tags: Tag[] }>();
  for (const { id } of rows) linksOf.set(id, { assignees: [], tags: [] });
  // Most tasks have one assignee: sorting here, when there is something to sort, is cheaper than in the database.
  const ordered = links.some(({ position }) => position > 0)
    ? links.toSorted((a, b) => a.position - b.position)
    : links;
  for (const { kind, taskId, id, name, detail } of ordered) {
    if (kind === 'tag') {
      linksOf.get(taskId)?.tags.push({ id, name: name ?? '', color: detail ?? '' });
      continue;
    }
    let person = people.get(id);
    if (!person) people.set(id, (person = { id, username: name, fullName: detail }));
    if (kind === 'assignee') linksOf.get(taskId)?.assignees.push(person);
  }
  const personOf = (id: string): Person => people.get(id) ?? { id, username: null, fullName: null };
  return rows.map((row) => {
    const { assignees, tags } = linksOf.get(row.id) ?? { assignees: [], tags: [] };
    if (tags.length > 1) tags.sort(byName);
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
      assignees,
      tags,
      createdBy: personOf(row.createdById),
      updatedBy: personOf(row.updatedById),
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
      deletedAt: row.deletedAt,
      version: row.version,
    };
  });
}

/** The people behind some rows, each once. */
export const peopleOf = (rows: readonly TaskRow[]): string[] => [
  ...new Set(rows.flatMap((row) => [row.createdById, row.updatedById])),
];

/** A page of the rows read: one more than asked for says that there is a next one. */
export function cut(rows: readonly TaskRow[], limit: number): { shown: readonly TaskRow[]; nextCursor: string | null } {
  const shown = rows.length > limit ? rows.slice(0, limit) : rows;
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { shown, nextCursor: last ? Buffer.from(`${last.createdAt} ${last.id}`).toString('base64url') : null };
}
