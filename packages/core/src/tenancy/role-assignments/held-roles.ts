import { sql } from 'kysely';
import type { ServiceContext } from '../../database/context.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { DomainError } from '../../kernel/errors.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { lockOrganization } from '../organizations/organization.lock.ts';
import { readRoles, type ResolvedRole } from '../roles/role.hierarchy.ts';
import { rolesBy } from '../roles/role.queries.ts';
import type { HeldRole } from '../roles/role.schema.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { everywhere, RoleAssignmentEntity } from './role-assignment.entity.ts';

export const keysOf = (roles: readonly HeldRole[]): string[] => roles.map((role) => role.key);

/**
 * Returns the roles that members have everywhere at this moment, by user id, in one statement.
 * @param organizationId needed behind the identity door, where no wall limits the organization
 */
export async function rolesOfMembers(
  ctx: ServiceContext,
  db: ReadDoor,
  userIds: readonly string[],
  organizationId?: string,
): Promise<ReadonlyMap<string, HeldRole[]>> {
  if (userIds.length === 0) return new Map();
  const held = db
    .selectFrom('role_assignments')
    .innerJoin('roles', (join) =>
      join
        .onRef('roles.organization_id', '=', 'role_assignments.organization_id')
        .onRef('roles.id', '=', 'role_assignments.role_id'),
    )
    .select(['role_assignments.user_id as userId', 'roles.id', 'roles.key', 'roles.name'])
    .where(anyOf(ctx.database.engine.dialect, 'role_assignments.user_id', userIds))
    .where('role_assignments.scope_key', '=', everywhere)
    .where((where) =>
      where.or([
        where('role_assignments.valid_to', 'is', null),
        where('role_assignments.valid_to', '>', sql<string>`${ctx.clock.now()}`),
      ]),
    );
  const theirs =
    organizationId === undefined ? held : held.where('role_assignments.organization_id', '=', organizationId);
  const rows = await theirs.execute();
  return rolesBy(rows, (row) => row.userId);
}

/** Returns every role that a member has in any scope, ended ones included. To act on a member, a caller needs all of them. */
async function rolesHeldBy(db: ReadDoor, userId: string): Promise<ResolvedRole[]> {
  const [hierarchy, rows] = await Promise.all([
    readRoles(db),
    db
      .selectFrom('role_assignments')
      .select('role_assignments.role_id as roleId')
      .where('user_id', '=', userId)
      .execute(),
  ]);
  const held = new Set(rows.map((row) => row.roleId));
  return [...hierarchy.values()].filter((role) => held.has(role.id));
}

/**
 * Loads a membership that has not ended, and locks it and the organization row until commit. Also returns the roles that the
 * member has everywhere (`roles`), and those that they have in any scope (`held`).
 * @param missing makes the error when there is no such membership
 */
export async function loadMember(
  unit: Unit,
  organizationId: string,
  userId: string,
  missing: () => DomainError = tenancyErrors.member_not_found,
) {
  await lockOrganization(unit, organizationId);
  const membership = await unit.load(MembershipEntity, { organizationId, userId }, missing);
  if (membership.status === 'ended') throw missing();
  const roles = (await rolesOfMembers(unit.ctx, unit.db, [userId])).get(userId) ?? [];
  return { membership, roles, held: await rolesHeldBy(unit.db, userId) };
}

/** Gives a member roles that they do not have now, everywhere and without an end. */
export async function assignRoles(
  unit: Unit,
  member: { organizationId: string; userId: string },
  roleIds: readonly string[],
  createdById: string,
): Promise<void> {
  // An ended assignment would violate the unique index. A role belongs to one organization, so this is safe behind the
  // identity door.
  await unit.db
    .deleteFrom('role_assignments')
    .where('user_id', '=', member.userId)
    .where(anyOf(unit.ctx.database.engine.dialect, 'role_id', roleIds))
    .where('scope_key', '=', everywhere)
    .execute();
  const scope = { departmentId: null, teamId: null, scopeKey: everywhere, validTo: null };
  const rows = roleIds.map((roleId) => ({
    ...member,
    id: uuidv7(),
    roleId,
    ...scope,
    createdAt: unit.now,
    createdById,
  }));
  await unit.insert(RoleAssignmentEntity, ...rows);
}

export async function unassignRoles(unit: Unit, userId: string, roles: readonly HeldRole[]): Promise<void> {
  const { dialect } = unit.ctx.database.engine;
  const ids = roles.map((role) => role.id);
  await unit.db
    .deleteFrom('role_assignments')
    .where('user_id', '=', userId)
    .where(anyOf(dialect, 'role_id', ids))
    .where('scope_key', '=', everywhere)
    .execute();
}

/** Deletes all role assignments of a departing member, in every scope. */
export async function dropRoles(unit: Unit, userId: string): Promise<void> {
  await unit.db.deleteFrom('role_assignments').where('user_id', '=', userId).execute();
}
