import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { contains } from '../../database/sql.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { Page } from '../../kernel/schemas.ts';
import { fold, keyOf } from '../../kernel/text.ts';
import { departmentMembers } from '../departments/department.record.ts';
import { programsOf } from '../memberships/membership.queries.ts';
import { members } from '../memberships/membership.record.ts';
import type { Membership } from '../memberships/membership.schema.ts';
import { rolesOfMembers } from '../role-assignments/held-roles.ts';
import type { Member, MemberListInput } from './member.schema.ts';

/** Reads the roles and the departments of members. Returns a function that adds them to a membership. */
async function readShowing(
  ctx: ServiceContext,
  db: ReadDoor,
  organizationId: string,
  userIds: readonly string[],
): Promise<(membership: Membership) => Member> {
  const [roles, placed] = await Promise.all([
    rolesOfMembers(ctx, db, userIds, organizationId),
    departmentMembers
      .matching(db, { organizationId, userId: userIds })
      .select(['department_members.user_id as userId', 'department_members.department_id as departmentId'])
      .execute(),
  ]);
  const departments = new Map(placed.map(({ userId, departmentId }) => [userId, departmentId]));
  return ({ user, status, title, joinedAt }) => ({
    user,
    status,
    title,
    roles: roles.get(user.id) ?? [],
    departmentId: departments.get(user.id) ?? null,
    joinedAt,
  });
}

/** Lists the persons who are members of the organization. Service accounts are not among them. */
export async function listMembers(ctx: ServiceContext, input: MemberListInput): Promise<Page<Member>> {
  authorize(ctx, 'member:read');
  const { organizationId } = ctx.principal;
  const { search, status } = input;
  return read(ctx, async (db) => {
    const [only = 'active', ...others] = status;
    const current = members
      .from(db)
      // The wall also lets the caller's own memberships in other organizations through.
      .where('memberships.organization_id', '=', organizationId)
      // With `=` for one status, the index keeps its order.
      .where((where) =>
        others.length === 0 ? where('memberships.status', '=', only) : where('memberships.status', 'in', status),
      )
      .where('memberships.user_id', 'not in', programsOf(db, organizationId));
    const query =
      search === undefined
        ? current
        : current.where((where) =>
            where.exists(
              where
                .selectFrom('users')
                .select('users.id')
                .whereRef('users.id', '=', 'memberships.user_id')
                .where((or) =>
                  or.or([
                    contains('users.email_key', keyOf(search)),
                    contains('users.username_key', keyOf(search)),
                    contains('users.name_key', fold(search)),
                  ]),
                ),
            ),
          );
    const { data, ...page } = await members.page(ctx, db, input, query, 'members');
    const userIds = data.map(({ user }) => user.id);
    return { data: data.map(await readShowing(ctx, db, organizationId, userIds)), ...page };
  });
}

/**
 * Reads a member for the answer of a mutation.
 * @param organizationId default: the organization of the unit
 * @throws `member_not_found`
 */
export async function memberById(
  unit: Unit,
  userId: string,
  organizationId = unit.owner.organizationId,
): Promise<Member> {
  const show = await readShowing(unit.ctx, unit.db, organizationId, [userId]);
  return show(await members.get(unit.db, { organizationId, userId }));
}
