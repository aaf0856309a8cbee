import { authorize, isBuiltInRoleKey } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { ById } from '../../kernel/schemas.ts';
import { lockOrganization } from '../organizations/organization.record.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { dependants, type ResolvedRole, resolveRoles, roleIn, type RoleRow } from './role.hierarchy.ts';
import { roleOf } from './role.queries.ts';
import { roles } from './role.record.ts';
import { coversAll, refuseBeyondOwn, widened } from './role.rules.ts';
import type { Role, RoleCreate, RoleUpdate } from './role.schema.ts';

/** The limit of one organization: every request in it may need all of its roles. */
const mostCustomRoles = 100;

const keyFrom = (name: string): string => {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '');
  return words.slice(0, 30).replace(/-+$/, '') || 'role';
};

/** The key of the input, or one made from the name that no role has yet. */
function freeKey(rows: readonly RoleRow[], { key, name }: RoleCreate): string {
  if (key !== undefined) return key;
  const taken = (wanted: string) => isBuiltInRoleKey(wanted) || rows.some((row) => row.key === wanted);
  const stem = keyFrom(name).padEnd(2, '0');
  for (let count = 1; ; count++) {
    const made = count === 1 ? stem : `${stem}-${count}`;
    if (!taken(made)) return made;
  }
}

/** @throws `role_not_found` at the field */
function requireParent(rows: readonly RoleRow[], parentId: string | null): void {
  if (parentId !== null && !rows.some((row) => row.id === parentId))
    throw tenancyErrors.role_not_found({ field: ['parentId'] });
}

/**
 * Throws when roles would gain or lose more than the caller's own roles allow. A role that inherits changes with its parent.
 * @throws `role_exceeds_own`
 */
function refuseChangeBeyondOwn(
  principal: Principal,
  before: readonly ResolvedRole[],
  after: readonly ResolvedRole[],
): void {
  for (const to of after) {
    const from = before.find((role) => role.id === to.id) ?? { permissions: new Set<string>(), constraints: [] };
    if (!coversAll(principal, widened(from, to)) || !coversAll(principal, widened(to, from)))
      throw tenancyErrors.role_exceeds_own({ message: `Your own roles allow less than this makes of ${to.key}.` });
  }
}

/**
 * Reads all roles of the organization, which is locked first: what a role allows depends on the others, and they stay as they are
 * until commit.
 */
async function lockRoles(unit: Unit): Promise<RoleRow[]> {
  await lockOrganization(unit);
  return roles.select(roles.from(unit.db)).execute();
}

/** Locks a custom role to change it. @throws `role_not_found`, `version_conflict`, `role_built_in` */
async function lockCustom(unit: Unit, id: string) {
  const role = await roles.lock(unit, id);
  if (role.builtIn) throw tenancyErrors.role_built_in();
  return role;
}

const resolved = (rows: readonly RoleRow[], ids: readonly string[]): ResolvedRole[] => {
  const hierarchy = resolveRoles(rows);
  return ids.flatMap((id) => hierarchy.get(id) ?? []);
};

/**
 * Creates a custom role. It allows its own permissions and those of its parent.
 * @throws `permission_denied`, `role_exceeds_own`, `role_not_found` for the parent, `role_key_taken`, `too_many_roles`
 */
export async function createRole(ctx: ServiceContext, input: RoleCreate): Promise<Role> {
  authorize(ctx, 'role:create');
  return mutate(ctx, async (unit) => {
    const rows = await lockRoles(unit);
    requireParent(rows, input.parentId);
    const [permissions, constraints] = [input.permissions.toSorted(), input.constraints.toSorted()];
    const fields = { ...input, id: uuidv7(), key: freeKey(rows, input), builtIn: false, permissions, constraints };
    const role = roleIn(resolveRoles([...rows, { ...fields, version: 1 }]), fields.id);
    refuseChangeBeyondOwn(ctx.principal, [], [role]);
    if (rows.filter((known) => !known.builtIn).length >= mostCustomRoles)
      throw tenancyErrors.too_many_roles({ message: `An organization has at most ${mostCustomRoles} custom roles.` });
    await roles.add(unit, fields);
    return roleOf(role);
  });
}

/**
 * Changes a custom role, for everybody who has it or a role that inherits from it.
 * @throws `permission_denied`, `role_not_found`, `role_built_in`, `version_conflict`, `role_exceeds_own`, `role_cycle`
 */
export async function updateRole(ctx: ServiceContext, { id, ...fields }: RoleUpdate): Promise<Role> {
  authorize(ctx, 'role:update');
  return mutate(ctx, async (unit) => {
    const rows = await lockRoles(unit);
    const row = await lockCustom(unit, id);
    const { name, parentId = row.parentId } = fields;
    const permissions = (fields.permissions ?? row.permissions).toSorted();
    const constraints = (fields.constraints ?? row.constraints).toSorted();
    requireParent(rows, parentId);
    const affected = dependants(rows, id);
    if (parentId !== null && affected.includes(parentId)) throw tenancyErrors.role_cycle({ field: ['parentId'] });
    const withRole = (role: RoleRow) => rows.map((known) => (known.id === id ? role : known));
    const proposed = withRole({ ...row, permissions, constraints, parentId });
    refuseChangeBeyondOwn(ctx.principal, resolved(rows, affected), resolved(proposed, affected));
    const { after } = await roles.change(unit, row, { name, permissions, constraints, parentId });
    return roleOf(roleIn(resolveRoles(withRole(after)), id));
  });
}

/**
 * Deletes for ever a custom role that no member has, no open invitation offers, no identity provider gives, and no other role
 * inherits from.
 * @throws `permission_denied`, `role_not_found`, `role_built_in`, `version_conflict`, `role_exceeds_own`, `role_in_use`
 */
export async function deleteRole(ctx: ServiceContext, { id }: ById): Promise<void> {
  authorize(ctx, 'role:delete');
  await mutate(ctx, async (unit) => {
    const rows = await lockRoles(unit);
    const role = await lockCustom(unit, id);
    refuseBeyondOwn(ctx.principal, resolved(rows, [id]));
    // An invitation that is no longer open does not keep its roles.
    await unit.db
      .deleteFrom('invitation_roles')
      .where('role_id', '=', id)
      .where('invitation_id', 'in', (where) =>
        where.selectFrom('invitations').select('invitations.id').where('invitations.status', '<>', 'pending'),
      )
      .execute();
    await roles.remove(unit, role);
  });
}
