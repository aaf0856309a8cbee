import { authorize } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate } from '../../database/unit-of-work.ts';
import type { Principal } from '../../kernel/principal.ts';
import { forgetPrincipalsIn } from '../principal.cache.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { OrganizationEntity } from './organization.entity.ts';
import { organizationById, organizationTrashMs } from './organization.queries.ts';
import type { Organization } from './organization.schema.ts';

type Acting = ServiceContext & { readonly principal: Principal & { organizationId: string } };

function setActive(ctx: Acting, isActive: boolean): Promise<Organization> {
  const { organizationId: id, userId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    const organization = await unit.load(OrganizationEntity, { id }, tenancyErrors.organization_not_found);
    unit.checkVersion(organization);
    if (organization.isActive === isActive) return organizationById(unit.db, id);
    Object.assign(organization, { isActive, updatedAt: unit.now, updatedById: userId });
    await unit.em.flush();
    await recordEvents(unit, {
      type: isActive ? 'organization.activated' : 'organization.deactivated',
      entity: { type: 'organization', id },
      changes: { isActive: { from: !isActive, to: isActive } },
      data: { version: organization.version },
    });
    forgetPrincipalsIn(unit, id);
    return organizationById(unit.db, id);
  });
}

/**
 * Deactivates the organization of the context. Until it is activated again, every operation in it answers
 * `organization_inactive`, except reading and activating it, for those who may activate it. No data is lost.
 * @throws `permission_denied`, `version_conflict`
 */
export async function deactivateOrganization(ctx: ServiceContext): Promise<Organization> {
  authorize(ctx, 'organization:deactivate');
  return setActive(ctx, false);
}

/**
 * Activates the organization of the context again.
 * @throws `permission_denied`, `version_conflict`
 */
export async function activateOrganization(ctx: ServiceContext): Promise<Organization> {
  authorize(ctx, 'organization:deactivate');
  return setActive(ctx, true);
}

/**
 * Moves the organization of the context to the trash. Nobody sees it any more. Its owners may restore it for 30 days.
 * @throws `permission_denied`, `organization_not_found` when it is in the trash already, `version_conflict`
 */
export async function deleteOrganization(ctx: ServiceContext): Promise<void> {
  authorize(ctx, 'organization:delete');
  const { organizationId: id, userId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    const organization = await unit.load(OrganizationEntity, { id }, tenancyErrors.organization_not_found);
    if (organization.deletedAt) throw tenancyErrors.organization_not_found();
    unit.checkVersion(organization);
    Object.assign(organization, { deletedAt: unit.now, updatedAt: unit.now, updatedById: userId });
    await unit.em.flush();
    await recordEvents(unit, {
      type: 'organization.deleted',
      entity: { type: 'organization', id },
      data: { version: organization.version },
    });
    forgetPrincipalsIn(unit, id);
    return null;
  });
}

/**
 * Restores the organization of the context from the trash, unchanged.
 * @throws `permission_denied`, `organization_not_found` after 30 days, `version_conflict`, `organization_not_deleted`
 */
export async function restoreOrganization(ctx: ServiceContext): Promise<Organization> {
  authorize(ctx, 'organization:delete');
  const { organizationId: id, userId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    const organization = await unit.load(OrganizationEntity, { id }, tenancyErrors.organization_not_found);
    const { deletedAt } = organization;
    const kept = unit.now.getTime() - organizationTrashMs;
    if (deletedAt && deletedAt.getTime() <= kept) throw tenancyErrors.organization_not_found();
    unit.checkVersion(organization);
    if (!deletedAt) throw tenancyErrors.organization_not_deleted();
    Object.assign(organization, { deletedAt: null, updatedAt: unit.now, updatedById: userId });
    await unit.em.flush();
    await recordEvents(unit, {
      type: 'organization.restored',
      entity: { type: 'organization', id },
      data: { version: organization.version },
    });
    forgetPrincipalsIn(unit, id);
    return organizationById(unit.db, id);
  });
}
