import { type RawBuilder, sql, type SqlBool } from 'kysely';
import { isShutOut } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { Dialect } from '../../database/engine.ts';
import { requestScope } from '../../database/scope.ts';
import { anyOf } from '../../database/sql.ts';
import { current, statement } from '../../database/statement.ts';
import { asId } from '../../database/typed-value.ts';
import type { ClosedPlace, Principal } from '../../kernel/principal.ts';
import { workErrors } from '../work.errors.ts';
import { projects } from './project.record.ts';

const projectVisibility = statement((db, { id }: { id: string }) =>
  projects.from(db).select('projects.visibility').where('projects.id', '=', id),
);

interface Membership extends Readonly<Record<string, unknown>> {
  id: string;
  userIds: readonly string[];
}

const membersOf = statement((db, { id, userIds }: Membership, dialect) =>
  db
    .selectFrom('project_members')
    .select('project_members.user_id as userId')
    .where('project_members.project_id', '=', id)
    .where(anyOf(dialect, 'project_members.user_id', userIds)),
);

/**
 * Reads what a decision about somebody needs to know of a project that may be closed. Null if it is open. Whether the caller may read
 * projects does not matter: what they see of tasks says in which projects these are.
 * @throws `project_not_found` also when the project is closed to the caller
 */
export async function closedPlace(
  { database }: ServiceContext,
  caller: Principal,
  { id, userId, field }: { id: string; userId: string; field: readonly string[] },
): Promise<ClosedPlace | null> {
  const everything = { ...requestScope(caller), principal: null };
  return database.read(everything, async (db) => {
    const [project] = await db.run(projectVisibility, { id });
    if (project?.visibility === 'organization') return null;
    const members = project ? await db.run(membersOf, { id, userIds: [caller.userId, userId] }) : [];
    const closed = { opensWith: 'project:read_private', memberIds: members.map((member) => member.userId) };
    if (!project || isShutOut(caller, closed)) throw workErrors.project_not_found({ field });
    return closed;
  });
}

/**
 * The condition that a column has the id of a private project of which the user of the door is no member. Null for a column that is null. It
 * is raw SQL, because the door itself hides these projects from the user.
 */
export function isAmongShutProjects(dialect: Dialect, column: string): RawBuilder<SqlBool> {
  const shut = sql`select projects.id from projects
    where projects.organization_id = ${asId(current.organization)} and projects.visibility = 'private' and not exists (
      select 1 from project_members where project_members.organization_id = projects.organization_id
        and project_members.project_id = projects.id and project_members.user_id = ${asId(current.user)})`;
  // PostgreSQL then looks the ids up in an index of the column.
  return dialect === 'postgresql'
    ? sql`(${sql.ref(column)} = any(array(${shut})))`
    : sql`(${sql.ref(column)} in (${shut}))`;
}
