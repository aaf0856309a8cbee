import { sql, type SqlBool } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import type { Page } from '../../kernel/schemas.ts';
import { fold } from '../../kernel/text.ts';
import { rolesOfMembers } from '../role-assignments/held-roles.ts';
import type { HeldRole } from '../roles/role.schema.ts';
import type { Member, MemberListInput } from './member.schema.ts';

const membersOf = (db: ReadDoor, organizationId: string) =>
  db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .leftJoin('department_members', 'department_members.user_id', 'memberships.user_id')
    // The wall also lets the caller's own memberships in other organizations through.
    .where('memberships.organization_id', '=', organizationId);

const columns = [
  'users.id',
  'users.username',
  'users.full_name as fullName',
  'users.email',
  'memberships.status',
  'department_members.department_id as departmentId',
  'memberships.title',
  'memberships.joined_at as joinedAt',
] as const;

type MemberRow = Member['user'] & Pick<Member, 'status' | 'title' | 'departmentId' | 'joinedAt'>;

const memberOf = (row: MemberRow, roles: readonly HeldRole[] = []): Member => ({
  user: { id: row.id, username: row.username, fullName: row.fullName, email: row.email },
  status: row.status,
  title: row.title,
  roles: [...roles],
  departmentId: row.departmentId,
  joinedAt: row.joinedAt,
});

/** A `like` pattern for any part of a text. Wildcards in the text are escaped. */
const pattern = (search: string): string => `%${search.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;

function matches(search: string) {
  const lowered = pattern(search.toLowerCase());
  return sql<SqlBool>`(users.email_key like ${lowered} escape '\\' or users.username_key like ${lowered} escape '\\' or users.name_key like ${pattern(fold(search))} escape '\\')`;
}

/** Lists the organization's members, the last to join first. */
export async function listMembers(ctx: ServiceContext, input: MemberListInput): Promise<Page<Member>> {
  authorize(ctx, 'member:read');
  const { organizationId } = ctx.principal;
  const order = orderOf(input.sort, { joinedAt: { by: sql`memberships.joined_at` } }, sql`memberships.user_id`);
  const request = pageRequest(ctx, 'members', input.sort, input);
  return read(ctx, async (db) => {
    const all = membersOf(db, organizationId)
      .where('memberships.status', 'in', input.status)
      .where('users.kind', '=', 'person');
    const query = input.search === undefined ? all : all.where(matches(input.search));
    const { rows, nextCursor } = await readPage(query.select(columns), order, request);
    const roles = await rolesOfMembers(
      ctx,
      db,
      rows.map((row) => row.id),
    );
    const data = rows.map((row) => memberOf(row, roles.get(row.id)));
    return { data, nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}

/** Reads a member who is known to exist. */
export async function memberById(
  ctx: ServiceContext,
  db: ReadDoor,
  organizationId: string,
  userId: string,
): Promise<Member> {
  const row = await membersOf(db, organizationId)
    .select(columns)
    .where('memberships.user_id', '=', userId)
    .executeTakeFirstOrThrow();
  const roles = await rolesOfMembers(ctx, db, [userId]);
  return memberOf(row, roles.get(userId));
}
