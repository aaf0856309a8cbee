import { type Person, type Tag, type Task, taskOf, type TaskRow } from './fields.ts';

export interface TaskPage {
  data: Task[];
  nextCursor: string | null;
}

/** An assignee or a tag of a task. */
export interface Link {
  kind: 'assignee' | 'tag';
  taskId: string;
  /** The place of an assignee among those of the task. 0 for a tag. */
  position: number;
  id: string;
}

/** The name of a person or a tag. */
export interface Name {
  kind: 'person' | 'tag';
  id: string;
  name: string | null;
  detail: string | null;
}

const byName = (a: Tag, b: Tag): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

const noProjects: ReadonlyMap<string, string> = new Map();

/** The projects of some rows. Most benchmarks have none, so nothing has to be read for them. */
export const projectIdsOf = (rows: readonly TaskRow[]): string[] => [
  ...new Set(rows.flatMap(({ projectId }) => projectId ?? [])),
];

/** Makes tasks of their rows, their links, and the names of what they refer to. The viewer watches what they have created or are assigned to. */
export function assemble(
  viewerId: string,
  rows: readonly TaskRow[],
  links: readonly Link[],
  names: readonly Name[],
  projectKeys: ReadonlyMap<string, string> = noProjects,
): Task[] {
  const people = new Map<string, Person>();
  const tags = new Map<string, Tag>();
  for (const { kind, id, name, detail } of names)
    if (kind === 'tag') tags.set(id, { id, name: name ?? '', color: detail ?? '' });
    else people.set(id, { id, username: name, fullName: detail });
  const personOf = (id: string): Person => people.get(id) ?? { id, username: null, fullName: null };

  const linksOf = new Map<string, { assignees: Person[]; tags: Tag[] }>();
  for (const { id } of rows) linksOf.set(id, { assignees: [], tags: [] });
  // Most tasks have one assignee, so sorting here only if necessary is cheaper than sorting in the database.
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
    const watching = row.createdById === viewerId || found.assignees.some(({ id }) => id === viewerId);
    const { projectId, projectNumber } = row;
    const key = projectId === null ? null : `${projectKeys.get(projectId)}-${projectNumber}`;
    return taskOf(
      row,
      key,
      found.assignees,
      found.tags,
      personOf(row.createdById),
      personOf(row.updatedById),
      watching,
    );
  });
}

/** The ids of all people and tags that rows and their links refer to, each once. */
export function pointedAt(rows: readonly TaskRow[], links: readonly Link[]): { tagIds: string[]; userIds: string[] } {
  const tagIds = new Set<string>();
  const userIds = new Set<string>();
  for (const { createdById, updatedById } of rows) userIds.add(createdById).add(updatedById);
  for (const { kind, id } of links) (kind === 'tag' ? tagIds : userIds).add(id);
  return { tagIds: [...tagIds], userIds: [...userIds] };
}

/** Cuts rows to a page. If there is one row more than the limit, there is a next page. */
export function cut(rows: readonly TaskRow[], limit: number): { shown: readonly TaskRow[]; nextCursor: string | null } {
  const shown = rows.length > limit ? rows.slice(0, limit) : rows;
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { shown, nextCursor: last ? Buffer.from(`${last.createdAt} ${last.id}`).toString('base64url') : null };
}
