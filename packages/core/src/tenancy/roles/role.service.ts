import { authorize, isBuiltInRoleKey } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { refuseWhileReferredTo } from '../../database/referrers.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { diff, isEmpty } from '../../kernel/changes.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { Principal } from '../../kernel/principal.ts';
import { lockOrganization } from '../organizations/organization.lock.ts';
import { forgetPrincipalsIn } from '../principal.cache.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { RoleEntity } from './role.entity.ts';
import { dependants, type ResolvedRole, resolveRoles, roleColumns, type RoleRow } from './role.hierarchy.ts';
import { roleOf } from './role.queries.ts';
import { coversAll, refuseBeyondOwn, widened } from './role.rules.ts';
import type { Role, RoleCreate, RoleId, RoleUpdate } from './role.schema.ts';

/** Limited because every request in the organization reads all of its roles. */
const mostCustomRoles = 100;

/** Locks the organization row and reads all of its roles, because what a role allows depends on other roles. */
async function lockRoles(unit: Unit, organizationId: string): Promise<RoleRow[]> {
  await lockOrganization(unit, organizationId);
  return unit.db.selectFrom('roles').select(roleColumns).execute();
}

const keyFrom = (name: string): string => {
  const words = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '');
  return words.slice(0, 30).replace(/-+$/, '') || 'role';
};

/** Returns a key that no role has yet: the wanted one, or one made from the name. @throws `role_key_taken` */
function freeKey(rows: readonly RoleRow[], { key, name }: RoleCreate): string {
  const taken = (wanted: string) => isBuiltInRoleKey(wanted) || rows.some((row) => row.key === wanted);
  if (key !== undefined) {
    if (taken(key)) throw tenancyErrors.role_key_taken({ field: ['key'] });
    return key;
  }
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
 * Throws if the change gives or takes more than the caller's own roles allow. A role that inherits changes with its parent.
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

/** Finds the role to change. @throws `role_not_found`, `version_conflict`, `role_built_in` */
function requireCustom(unit: Unit, rows: readonly RoleRow[], id: string): RoleRow {
  const row = rows.find((role) => role.id === id);
  if (!row) throw tenancyErrors.role_not_found();
  unit.checkVersion(row);
  if (row.builtIn) throw tenancyErrors.role_built_in();
  return row;
}

const resolved = (rows: readonly RoleRow[], ids: readonly string[]): ResolvedRole[] => {
  const hierarchy = resolveRoles(rows);
  return ids.flatMap((id) => hierarchy.get(id) ?? []);
};

const only = (rows: readonly RoleRow[], id: string): ResolvedRole => {
  const role = resolveRoles(rows).get(id);
  if (!role) throw new Error(`Role ${id} is not among the roles of its organization.`);
  return role;
};

/** The fields of a role that events show. */
const trackedFields = ({ name, permissions, constraints, parentId }: RoleRow): Record<string, unknown> => ({
  name,
  permissions: [...permissions].sort(),
  constraints: [...constraints].sort(),
  parentId,
});

/**
 * Creates a custom role. It allows its own permissions and those of its parent.
 * @throws `permission_denied`, `role_exceeds_own`, `role_not_found` for the parent, `role_key_taken`, `too_many_roles`
 */
export async function createRole(ctx: ServiceContext, input: RoleCreate): Promise<Role> {
  authorize(ctx, 'role:create');
  const { principal } = ctx;
  const { organizationId } = principal;
  return mutate(ctx, async (unit) => {
    const rows = await lockRoles(unit, organizationId);
    requireParent(rows, input.parentId);
    const { name, permissions, constraints, parentId } = input;
    const row = { id: uuidv7(), key: freeKey(rows, input), name, builtIn: false, parentId, permissions, constraints };
    const role = only([...rows, { ...row, version: 1 }], row.id);
    refuseChangeBeyondOwn(principal, [], [role]);
    if (rows.filter((known) => !known.builtIn).length >= mostCustomRoles)
      throw tenancyErrors.too_many_roles({ message: `An organization has at most ${mostCustomRoles} custom roles.` });
    await unit.insert(RoleEntity, { ...row, organizationId, version: 1, createdAt: unit.now });
    await recordEvents(unit, {
      type: 'role.created',
      entity: { type: 'role', id: row.id },
      changes: diff({}, trackedFields({ ...row, version: 1 })),
      data: { key: row.key, version: 1 },
    });
    forgetPrincipalsIn(unit, organizationId);
    return roleOf(role);
  });
}

/**
 * Changes a custom role for everybody who has it or a role that inherits from it.
 * @throws `permission_denied`, `role_not_found`, `role_built_in`, `version_conflict`, `role_exceeds_own`, `role_cycle`
 */
export async function updateRole(ctx: ServiceContext, { id, ...fields }: RoleUpdate): Promise<Role> {
  authorize(ctx, 'role:update');
  const { principal } = ctx;
  const { organizationId } = principal;
  return mutate(ctx, async (unit) => {
    const rows = await lockRoles(unit, organizationId);
    const row = requireCustom(unit, rows, id);
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const changed: RoleRow = { ...row, ...given };
    requireParent(rows, changed.parentId);
    const affected = dependants(rows, id);
    if (changed.parentId !== null && affected.includes(changed.parentId))
      throw tenancyErrors.role_cycle({ field: ['parentId'] });
    const after = rows.map((known) => (known.id === id ? changed : known));
    refuseChangeBeyondOwn(principal, resolved(rows, affected), resolved(after, affected));
    const changes = diff(trackedFields(row), trackedFields(changed));
    if (isEmpty(changes)) return roleOf(only(rows, id));
    const { name, permissions, constraints, parentId } = changed;
    await unit.update(
      RoleEntity,
      { id },
      {
        name,
        permissions: [...permissions],
        constraints: [...constraints],
        parentId,
      },
    );
    const version = row.version + 1;
    await recordEvents(unit, {
      type: 'role.updated',
      entity: { type: 'role', id },
      changes,
      data: { key: row.key, version },
    });
    forgetPrincipalsIn(unit, organizationId);
    return { ...roleOf(only(after, id)), version };
  });
}

/**
 * Permanently deletes a custom role. It must not be assigned to anybody, offered by a pending invitation, given by an identity
 * provider, or inherited by another role.
 * @throws `permission_denied`, `role_not_found`, `role_built_in`, `version_conflict`, `role_exceeds_own`, `role_in_use`
 */
export async function deleteRole(ctx: ServiceContext, { id }: RoleId): Promise<void> {
  authorize(ctx, 'role:delete');
  const { principal } = ctx;
  const { organizationId } = principal;
  await mutate(ctx, async (unit) => {
    const rows = await lockRoles(unit, organizationId);
    const row = requireCustom(unit, rows, id);
    refuseBeyondOwn(principal, resolved(rows, [id]));
    // Invitations that are no longer pending do not keep a role.
    await unit.db
      .deleteFrom('invitation_roles')
      .where('role_id', '=', id)
      .where('invitation_id', 'in', (where) =>
        where.selectFrom('invitations').select('invitations.id').where('invitations.status', '<>', 'pending'),
      )
      .execute();
    await refuseWhileReferredTo(unit, RoleEntity, [id], (kinds) =>
      tenancyErrors.role_in_use({ message: `${kinds} still refer to this role.` }),
    );
    await unit.db.deleteFrom('roles').where('roles.id', '=', id).execute();
    await recordEvents(unit, {
      type: 'role.deleted',
      entity: { type: 'role', id },
      data: { key: row.key, name: row.name, version: row.version },
    });
    forgetPrincipalsIn(unit, organizationId);
    return null;
  });
}
