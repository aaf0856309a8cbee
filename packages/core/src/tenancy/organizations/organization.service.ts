import { authorize } from '../../access/index.ts';
import type { EventType } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutateThroughIdentityDoor } from '../../database/identity-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { requireInstanceAdmin } from '../../identity/index.ts';
import { isUuid } from '../../kernel/ids.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { organizationEvents } from './organization.events.ts';
import { organizationTrashMs } from './organization.queries.ts';
import { organizations } from './organization.record.ts';
import type { Organization, OrganizationUpdate, TierChange } from './organization.schema.ts';

type OrganizationRow = Awaited<ReturnType<typeof organizations.lock>>;
type Fields = Parameters<typeof organizations.change<OrganizationRow>>[2];

/** Changes an organization that is locked. */
async function changeLocked(unit: Unit, row: OrganizationRow, fields: Fields, event: EventType) {
  const { after } = await organizations.change(unit, row, fields, { event });
  return after;
}

/** Changes the organization of the context. @throws `version_conflict` */
const change = (ctx: ServiceContext, fields: Fields, event: EventType): Promise<Organization> =>
  mutate(ctx, async (unit) => {
    const organization = await organizations.lock(unit, unit.owner.organizationId);
    return organizations.answer(unit.db, await changeLocked(unit, organization, fields, event));
  });

/**
 * Changes the given fields of the organization of the context.
 * @throws `permission_denied`, `version_conflict`, `slug_taken`
 */
export async function updateOrganization(
  ctx: ServiceContext,
  { organizationId: _path, ...fields }: OrganizationUpdate,
): Promise<Organization> {
  authorize(ctx, 'organization:update');
  return change(ctx, fields, organizationEvents.updated);
}

/**
 * Deactivates the organization of the context. Until it is activated again, every operation in it answers
 * `organization_inactive`, except reading and activating it, for those who may activate it. No data is lost.
 * @throws `permission_denied`, `version_conflict`
 */
export async function deactivateOrganization(ctx: ServiceContext): Promise<Organization> {
  authorize(ctx, 'organization:deactivate');
  return change(ctx, { isActive: false }, organizationEvents.deactivated);
}

/**
 * Activates the organization of the context again.
 * @throws `permission_denied`, `version_conflict`
 */
export async function activateOrganization(ctx: ServiceContext): Promise<Organization> {
  authorize(ctx, 'organization:deactivate');
  return change(ctx, { isActive: true }, organizationEvents.activated);
}

/**
 * Moves the organization of the context to the trash. Nobody sees it any more. Its owners may restore it for 30 days.
 * @throws `permission_denied`, `organization_not_found` when it is in the trash already, `version_conflict`
 */
export async function deleteOrganization(ctx: ServiceContext): Promise<void> {
  authorize(ctx, 'organization:delete');
  await mutate(ctx, async (unit) => {
    const organization = await organizations.lock(unit, unit.owner.organizationId);
    await changeLocked(unit, organization, { deletedAt: unit.now.toISOString() }, organizationEvents.deleted);
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
    const restored = await changeLocked(unit, organization, { deletedAt: null }, organizationEvents.restored);
    return organizations.answer(unit.db, restored);
  });
}

/**
 * Sets the tier and the own limits of an organization, given by id or slug. Limits that are not given stay. Existing data stays
 * too, even beyond a new limit: only more of it is refused. For administrators of the instance, whatever their role in the
 * organization, and for the server's own command line, where nobody is signed in.
 * @throws `permission_denied`, `organization_not_found`, `version_conflict`
 */
export async function setOrganizationTier(
  ctx: ServiceContext,
  { organization: name, ...fields }: TierChange,
): Promise<Organization> {
  if (ctx.principal) requireInstanceAdmin(ctx);
  const lowered = name.toLowerCase();
  return mutateThroughIdentityDoor(ctx, async (unit) => {
    const organization = await organizations.lock(unit, isUuid(lowered) ? lowered : { slug: lowered });
    const { after } = await organizations.change(unit, organization, fields, {
      event: organizationEvents.tier_changed,
      organizationId: organization.id,
      actorId: ctx.principal?.userId ?? null,
    });
    return organizations.answer(unit.db, after);
  });
}
