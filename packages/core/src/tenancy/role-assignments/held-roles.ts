import { sql } from 'kysely';
import type { Permission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { statement } from '../../database/statement.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { DomainError } from '../../kernel/errors.ts';
import { memberEvents } from '../memberships/membership.events.ts';
import { members } from '../memberships/membership.record.ts';
import { lockOrganization } from '../organizations/organization.record.ts';
import { readRoles, type ResolvedRole } from '../roles/role.hierarchy.ts';
import { rolesBy } from '../roles/role.queries.ts';
import type { HeldRole } from '../roles/role.schema.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { everywhere } from './role-assignment.entity.ts';
import { roleAssignments } from './role-assignment.record.ts';

export const keysOf = (roles: readonly HeldRole[]): string[] => roles.map((role) => role.key);

export const idsOf = (roles: readonly HeldRole[]): string[] => roles.map((role) => role.id);

/** The roles that are not among the others. */
export const without = <Role extends HeldRole>(roles: readonly Role[], others: readonly HeldRole[]): Role[] =>
  roles.filter((role) => !others.some((other) => other.id === role.id));

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
  const rows = await roleAssignments
    .matching(db, { organizationId, userId: userIds, scopeKey: everywhere })
    .innerJoin('roles', (join) =>
      join
        .onRef('roles.organization_id', '=', 'role_assignments.organization_id')
        .onRef('roles.id', '=', 'role_assignments.role_id'),
    )
    .select(['role_assignments.user_id as userId', 'roles.id', 'roles.key', 'roles.name'])
    .where(sql<boolean>`(role_assignments.valid_to is null or role_assignments.valid_to > ${ctx.clock.now()})`)
    .execute();
  return rolesBy(rows, (row) => row.userId);
}

/** Those among some members who have a permission in the whole organization at this moment. */
export async function membersWith(
  { ctx, db }: Unit,
  permission: Permission,
  userIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const [hierarchy, held] = await Promise.all([readRoles(db), rolesOfMembers(ctx, db, userIds)]);
  const grants = ({ id }: HeldRole) => hierarchy.get(id)?.permissions.has(permission) ?? false;
  return new Set(userIds.filter((userId) => held.get(userId)?.some(grants)));
}

const holders = statement((db, { roleIds, now }: { roleIds: readonly string[]; now: Date }, dialect) =>
  db
    .selectFrom('role_assignments')
    .select('role_assignments.user_id as userId')
    .where(anyOf(dialect, 'role_assignments.role_id', roleIds))
    .where('role_assignments.scope_key', '=', everywhere)
    .where(sql<boolean>`(role_assignments.valid_to is null or role_assignments.valid_to > ${now})`),
);

/** The user ids of everybody who has a permission in the whole organization at this moment. Their membership may be suspended. */
export async function holdersOf(ctx: ServiceContext, db: ReadDoor, permission: Permission): Promise<string[]> {
  const granting = [...(await readRoles(db)).values()].filter(({ permissions }) => permissions.has(permission));
  const rows = await db.run(holders, { roleIds: granting.map(({ id }) => id), now: ctx.clock.now() });
  return [...new Set(rows.map(({ userId }) => userId))];
}

/**
 * Loads a membership in the unit's organization that has not ended, and locks it and the organization row until commit. Also
 * returns the roles that the member has everywhere (`roles`), those that they have in any scope, ended ones included (`held`), and
 * all roles of the organization (`hierarchy`). To act on a member, a caller needs all that the roles in `held` allow.
 * @param missing makes the error when there is no such membership
 */
export async function loadMember(
  unit: Unit,
  userId: string,
  missing: () => DomainError = tenancyErrors.member_not_found,
) {
  const { organizationId } = unit.owner;
  await lockOrganization(unit);
  const [membership] = await members.lockMany(unit, { organizationId, userId });
  if (!membership || membership.status === 'ended') throw missing();
  const [hierarchy, assignments] = await Promise.all([
    readRoles(unit.db, organizationId),
    roleAssignments.lockMany(unit, { organizationId, userId }),
  ]);
  const rolesOf = (some: typeof assignments): ResolvedRole[] =>
    [...hierarchy.values()].filter(({ id }) => some.some(({ roleId }) => roleId === id));
  const current = assignments.filter(
    ({ scopeKey, validTo }) =>
      scopeKey === everywhere && (validTo === null || Date.parse(validTo) > unit.now.getTime()),
  );
  return { membership, roles: rolesOf(current), held: rolesOf(assignments), hierarchy };
}

export type LoadedMember = Awaited<ReturnType<typeof loadMember>>;

async function removeEverywhere(unit: Unit, userId: string, roleId: readonly string[]): Promise<void> {
  // A role belongs to one organization, so this is safe behind the identity door.
  const assigned = await roleAssignments.lockMany(unit, { userId, roleId, scopeKey: everywhere });
  await roleAssignments.removeMany(unit, assigned, { event: null });
}

/** Gives a member roles that they do not have now, everywhere and without an end. The caller records the event. */
export async function assignRoles(
  unit: Unit,
  { organizationId, userId }: { organizationId: string; userId: string },
  roleIds: readonly string[],
  createdById: string,
): Promise<void> {
  // An ended assignment would violate the unique index.
  await removeEverywhere(unit, userId, roleIds);
  const added = roleIds.map((roleId) => ({ organizationId, userId, roleId, createdById }));
  await roleAssignments.addMany(unit, added, { event: null });
}

/**
 * Replaces the roles that a member has everywhere, and records one event for all of them. Does nothing when they are the same.
 * @param member the locked membership, and its present roles
 * @param after the strongest first
 * @param event what the event tells beside the roles, where the caller is not the user of the unit
 */
export async function replaceRoles(
  unit: Unit,
  { membership, roles: before }: Pick<LoadedMember, 'membership' | 'roles'>,
  after: readonly ResolvedRole[],
  createdById: string,
  event: { data?: Readonly<Record<string, unknown>>; organizationId?: string; actorId?: string | null } = {},
): Promise<void> {
  const [removed, added] = [idsOf(without(before, after)), idsOf(without(after, before))];
  if (removed.length + added.length === 0) return;
  await removeEverywhere(unit, membership.userId, removed);
  await assignRoles(unit, membership, added, createdById);
  const member = { ...membership, roles: keysOf(before) };
  await members.change(unit, member, { roles: keysOf(after) }, { event: memberEvents.role_changed, ...event });
}

/** Deletes all role assignments of a departing member, in every scope. */
export async function dropRoles(unit: Unit, userId: string): Promise<void> {
  await roleAssignments.removeMany(unit, await roleAssignments.lockMany(unit, { userId }), { event: null });
}
