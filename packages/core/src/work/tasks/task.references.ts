import { sql } from 'kysely';
import { anyOf } from '../../database/sql.ts';
import { current, statement } from '../../database/statement.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { Person } from '../../kernel/schemas.ts';
import { teams } from '../../tenancy/index.ts';
import { workErrors } from '../work.errors.ts';
import type { TaskLinks } from './task.links.ts';
import { type NameRow, namesOf } from './task.names.ts';
import { tasks } from './task.record.ts';
import type { Task } from './task.schema.ts';

interface References {
  assigneeIds: readonly string[];
  tagIds: readonly string[];
  parentId: string | null;
  teamId: string | null;
  /** People whom the answer names beside the assignees. */
  personIds: readonly string[];
}

export interface ResolvedReferences {
  people: ReadonlyMap<string, Person>;
  tags: Task['tags'];
}

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

/**
 * Reads everything that a task is about to refer to (D5), with the names that the answer shows. The parent and the team are
 * locked, so that they are not trashed or deleted meanwhile.
 * @throws `assignee_not_found`, `tag_not_found`, `parent_not_found`, `team_not_found`
 */
export async function resolveReferences(unit: Unit, references: References): Promise<ResolvedReferences> {
  const { assigneeIds, tagIds, parentId, teamId, personIds } = references;
  const [rows] = await Promise.all([
    unit.db.run(referenceRows, { userIds: [...new Set([...assigneeIds, ...personIds])], tagIds }),
    parentId === null ? null : tasks.refer(unit, parentId, 'parentId', workErrors.parent_not_found),
    teamId === null ? null : teams.refer(unit, teamId, 'teamId'),
  ]);
  const { people, tags } = namesOf(rows);
  const found = new Set(rows.filter(({ kind, status }) => kind === 'tag' || status === 'active').map(({ id }) => id));
  const assignee = assigneeIds.findIndex((id) => !found.has(id));
  if (assignee >= 0) throw workErrors.assignee_not_found({ field: ['assigneeIds', assignee] });
  const tag = tagIds.findIndex((id) => !found.has(id));
  if (tag >= 0) throw workErrors.tag_not_found({ field: ['tagIds', tag] });
  return { people, tags };
}

/** The links of a task that is about to be. */
export function linksOfNew(
  taskId: string,
  assigneeIds: readonly string[],
  { people, tags }: ResolvedReferences,
): TaskLinks {
  return { people, assigneeIds: new Map([[taskId, assigneeIds]]), tags: new Map([[taskId, tags]]) };
}
