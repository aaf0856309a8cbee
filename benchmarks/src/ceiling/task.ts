import { type Person, type Tag, type Task, taskOf, type TaskRow } from './fields.ts';

export interface TaskPage {
  data: Task[];
  nextCursor: string | null;
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
    return taskOf(row, found.assignees, found.tags, personOf(row.createdById), personOf(row.updatedById));
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
