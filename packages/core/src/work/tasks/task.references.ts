import { sql } from 'kysely';
import type { Row } from '../../database/schema.ts';
import { anyOf } from '../../database/sql.ts';
import { current, statement } from '../../database/statement.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { Person } from '../../kernel/schemas.ts';
import { unique } from '../../kernel/unique.ts';
import { teamErrors, teams } from '../../tenancy/index.ts';
import type { ProjectEntity } from '../projects/project.entity.ts';
import { projects } from '../projects/project.record.ts';
import { workErrors } from '../work.errors.ts';
import type { TaskEntity } from './task.entity.ts';
import { byName, type NameRow, namesOf } from './task.names.ts';
import { oneOrMany, tasks } from './task.record.ts';
import type { Task } from './task.schema.ts';

type Tag = Task['tags'][number];

/** What a task refers to. What is left out stays as it is. */
interface References {
  assigneeIds?: readonly string[] | undefined;
  tagIds?: readonly string[] | undefined;
  parentId?: string | null | undefined;
  teamId?: string | null | undefined;
  projectId?: string | null | undefined;
}

/** What some tasks may refer to, by id. */
export interface Referable {
  /** Everybody who was asked for. */
  people: ReadonlyMap<string, Person>;
  /** Those who may be assigned. */
  active: ReadonlySet<string>;
  tags: ReadonlyMap<string, Tag>;
  parents: ReadonlyMap<string, ParentRow>;
  teams: ReadonlySet<string>;
  projects: ReadonlyMap<string, Row<typeof ProjectEntity>>;
}

type ParentRow = Row<typeof TaskEntity>;

/** Of a person, also the status of their membership. */
interface ReferenceRow extends NameRow {
  status: string | null;
}

interface ReferenceValues extends Readonly<Record<string, unknown>> {
  userIds: readonly string[];
  tagIds: readonly string[];
}

const referenceRows = statement<ReferenceValues, ReferenceRow>((db, { userIds, tagIds }, dialect) => {
  const nothing = sql<string | null>`null`;
  return (
    db
      .selectFrom('memberships')
      .innerJoin('users', 'users.id', 'memberships.user_id')
      .select([
        sql<ReferenceRow['kind']>`'person'`.as('kind'),
        'users.id',
        'users.username as name',
        'users.full_name as detail',
        sql<string | null>`memberships.status`.as('status'),
      ])
      .where(anyOf(dialect, 'memberships.user_id', userIds))
      // A user's own memberships elsewhere are theirs to see too, and say nothing here.
      .where('memberships.organization_id', '=', current.organization)
      .unionAll(
        db
          .selectFrom('tags')
          .select([sql<'tag'>`'tag'`.as('kind'), 'tags.id', 'tags.name', 'tags.color as detail', nothing.as('status')])
          .where(anyOf(dialect, 'tags.id', tagIds)),
      )
  );
});

/** Locks rows that new references rely on, so that nobody trashes or deletes them meanwhile. */
async function lockReferred<Row extends { id: string }>(
  record: { lockMany(unit: Unit, match: Readonly<Record<string, unknown>>, options: { share: true }): Promise<Row[]> },
  unit: Unit,
  ids: readonly string[],
): Promise<Map<string, Row>> {
  if (ids.length === 0) return new Map();
  const rows = await record.lockMany(unit, { id: oneOrMany(ids) }, { share: true });
  return new Map(rows.map((row) => [row.id, row]));
}

/** Locks tasks that become parents, so that nobody trashes or moves them meanwhile. */
export const lockParents = (unit: Unit, ids: readonly string[]): Promise<Map<string, ParentRow>> =>
  lockReferred(tasks, unit, ids);

/**
 * Reads everything that some tasks are about to refer to (D5), with the names that the answer shows. Parents, teams and projects are
 * locked.
 * @param personIds people whom the answer names beside the assignees
 * @param known parents that are locked already
 */
export async function readReferences(
  unit: Unit,
  all: readonly References[],
  personIds: readonly string[] = [],
  known: ReadonlyMap<string, ParentRow> = new Map(),
): Promise<Referable> {
  const userIds = unique([...all.flatMap(({ assigneeIds = [] }) => assigneeIds), ...personIds]);
  const tagIds = unique(all.flatMap(({ tagIds: ids = [] }) => ids));
  const parentIds = unique(all.flatMap(({ parentId }) => parentId ?? [])).filter((id) => !known.has(id));
  const [rows, parents, teamRows, projectRows] = await Promise.all([
    userIds.length + tagIds.length === 0 ? [] : unit.db.run(referenceRows, { userIds, tagIds }),
    lockParents(unit, parentIds),
    lockReferred(teams, unit, unique(all.flatMap(({ teamId }) => teamId ?? []))),
    lockReferred(projects, unit, unique(all.flatMap(({ projectId }) => projectId ?? []))),
  ]);
  const { people, tags } = namesOf(rows);
  const active = rows.filter(({ kind, status }) => kind === 'person' && status === 'active').map(({ id }) => id);
  return {
    people,
    active: new Set(active),
    tags: new Map(tags.map((tag) => [tag.id, tag])),
    parents: new Map([...known, ...parents]),
    teams: new Set(teamRows.keys()),
    projects: projectRows,
  };
}

/**
 * Throws unless a task may refer to all this.
 * @param current the assignees that it has. They may stay, even when their membership has ended since
 * @throws `assignee_not_found`, `tag_not_found`, `parent_not_found`, `team_not_found`, `project_not_found`
 */
export function requireReferences(
  found: Referable,
  { assigneeIds = [], tagIds = [], parentId, teamId, projectId }: References,
  current: readonly string[] = [],
): void {
  if (parentId && !found.parents.has(parentId)) throw workErrors.parent_not_found({ field: ['parentId'] });
  if (teamId && !found.teams.has(teamId)) throw teamErrors.team_not_found({ field: ['teamId'] });
  if (projectId && !found.projects.has(projectId)) throw workErrors.project_not_found({ field: ['projectId'] });
  const assignee = assigneeIds.findIndex((id) => !found.active.has(id) && !current.includes(id));
  if (assignee >= 0) throw workErrors.assignee_not_found({ field: ['assigneeIds', assignee] });
  const tag = tagIds.findIndex((id) => !found.tags.has(id));
  if (tag >= 0) throw workErrors.tag_not_found({ field: ['tagIds', tag] });
}

/** The tags of some ids, in the order of their names. */
export const tagsOf = (found: Referable, ids: readonly string[]): Tag[] =>
  ids.flatMap((id) => found.tags.get(id) ?? []).toSorted(byName);
