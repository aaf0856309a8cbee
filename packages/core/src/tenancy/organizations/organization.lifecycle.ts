import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { organizationEvents } from './organization.events.ts';
import { organizationTrashMs } from './organization.queries.ts';
import { changeOrganization, organizations } from './organization.record.ts';
import type { Organization } from './organization.schema.ts';

function setActive(ctx: ServiceContext, isActive: boolean): Promise<Organization> {
  const event = isActive ? organizationEvents.activated : organizationEvents.deactivated;
  return mutate(ctx, async (unit) => {
    const organization = await organizations.lock(unit, unit.owner.organizationId);
    return organizations.answer(unit.db, await changeOrganization(unit, organization, { isActive }, event));
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
  await mutate(ctx, async (unit) => {
    const organization = await organizations.lock(unit, unit.owner.organizationId);
    await changeOrganization(unit, organization, { deletedAt: unit.now.toISOString() }, organizationEvents.deleted);
  });
}

/**
 * Restores the organization of the context from the trash, unchanged.
 * @throws `permission_denied`, `organization_not_found` after 30 days, `version_conflict`, `organization_not_deleted`
 */
export async function restoreOrganization(ctx: ServiceContext): Promise<Organization> {
  authorize(ctx, 'organization:delete');
  return mutate(ctx, async (unit) => {
    const kept = new Date(unit.now.getTime() - organizationTrashMs).toISOString();
    const organization = await organizations.lock(unit, unit.owner.organizationId, {
      trash: true,
      check: ({ deletedAt }) => {
        if (deletedAt !== null && deletedAt <= kept) throw tenancyErrors.organization_not_found();
      },
    });
    if (organization.deletedAt === null) throw tenancyErrors.organization_not_deleted();
    const restored = await changeOrganization(unit, organization, { deletedAt: null }, organizationEvents.restored);
    return organizations.answer(unit.db, restored);
  });
}
