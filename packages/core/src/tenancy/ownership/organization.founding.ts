import { builtInRoleKeys, builtInRoles, ownerKey } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { requireSignedIn, setActiveOrganization } from '../../identity/index.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { members } from '../memberships/membership.record.ts';
import { organizations } from '../organizations/organization.record.ts';
import type { Organization, OrganizationCreate } from '../organizations/organization.schema.ts';
import { withSlugOf } from '../organizations/slug.ts';
import { assignRoles } from '../role-assignments/held-roles.ts';
import { roles } from '../roles/role.record.ts';

type NewOrganization = Pick<Organization, 'id' | 'name' | 'slug' | 'settings'>;

/**
 * Writes an organization with its built-in roles and its owner, inside the new organization or behind the identity door.
 * @throws `slug_taken`
 */
export async function insertOrganization(unit: Unit, organization: NewOrganization, ownerId: string): Promise<void> {
  const { id: organizationId } = organization;
  const { defaultTier: tier = 'free' } = unit.ctx.settings;
  const founded = { tier, isActive: true, createdById: ownerId, updatedById: ownerId };
  await organizations.add(unit, { ...organization, ...founded }, { organizationId, actorId: ownerId });
  const builtIn = builtInRoleKeys.map((key) => {
    return { organizationId, key, name: builtInRoles[key].name, builtIn: true, permissions: [], constraints: [] };
  });
  const added = await roles.addMany(unit, builtIn, { event: null });
  const owner = { organizationId, userId: ownerId };
  await members.add(unit, { ...owner, status: 'active', joinedAt: unit.now });
  const owning = added.filter(({ key }) => key === ownerKey).map(({ id }) => id);
  await assignRoles(unit, owner, owning, ownerId);
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
