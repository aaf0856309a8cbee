import { builtInRoleKeys, builtInRoles, ownerKey } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { requireSignedIn, setActiveOrganization } from '../../identity/index.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { organizations } from '../organizations/organization.record.ts';
import type { Organization, OrganizationCreate } from '../organizations/organization.schema.ts';
import { withSlugOf } from '../organizations/slug.ts';
import { forgetPrincipal } from '../principal.cache.ts';
import { everywhere, RoleAssignmentEntity } from '../role-assignments/role-assignment.entity.ts';
import { RoleEntity } from '../roles/role.entity.ts';

interface NewOrganization {
  id: string;
  name: string;
  slug: string;
  settings: Record<string, unknown>;
}

/**
 * Writes an organization with its built-in roles and its owner, inside the new organization or behind the identity door.
 * @throws `slug_taken`
 */
export async function insertOrganization(unit: Unit, organization: NewOrganization, ownerId: string): Promise<void> {
  const { id: organizationId } = organization;
  const created = { createdAt: unit.now };
  const founded = { tier: 'free', isActive: true, createdById: ownerId, updatedById: ownerId } as const;
  await organizations.add(unit, { ...organization, ...founded }, { organizationId, actorId: ownerId });
  const roles = builtInRoleKeys.map((key) => ({
    organizationId,
    id: uuidv7(),
    key,
    name: builtInRoles[key].name,
    builtIn: true,
    permissions: [],
    constraints: [],
    version: 1,
    ...created,
  }));
  await unit.insert(RoleEntity, ...roles);
  await unit.insert(MembershipEntity, {
    organizationId,
    userId: ownerId,
    status: 'active',
    version: 1,
    joinedAt: unit.now,
    updatedAt: unit.now,
    ...created,
  });
  const owners = roles.filter((role) => role.key === ownerKey);
  await unit.insert(
    RoleAssignmentEntity,
    ...owners.map(({ id: roleId }) => ({
      organizationId,
      id: uuidv7(),
      userId: ownerId,
      roleId,
      scopeKey: everywhere,
      createdById: ownerId,
      ...created,
    })),
  );
  forgetPrincipal(unit, ownerId);
}

/**
 * Creates an organization that the caller owns, and makes it the active one of their session.
 * @throws `unauthenticated`, `slug_taken`
 */
export async function createOrganization(ctx: ServiceContext, input: OrganizationCreate): Promise<Organization> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  const create = (slug: string) => {
    const id = uuidv7();
    const work = async (unit: Unit) => {
      await insertOrganization(unit, { id, name: input.name, slug, settings: input.settings ?? {} }, userId);
      await setActiveOrganization(unit, id);
      return organizations.get(unit.db, id);
    };
    return mutate(ctx, work, id);
  };
  return input.slug === undefined ? withSlugOf(ctx, input.name, create) : create(input.slug);
}
