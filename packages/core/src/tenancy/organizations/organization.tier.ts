import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutateThroughIdentityDoor } from '../../database/identity-door.ts';
import { diff, isEmpty } from '../../kernel/changes.ts';
import { requireInstanceAdmin } from '../../identity/index.ts';
import { isUuid } from '../../kernel/ids.ts';
import { OrganizationEntity } from './organization.entity.ts';
import { organizationById } from './organization.queries.ts';
import type { Organization, TierChange } from './organization.schema.ts';
import { tenancyErrors } from '../tenancy.errors.ts';

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
    const organization = await unit.load(
      OrganizationEntity,
      { ...(isUuid(lowered) ? { id: lowered } : { slug: lowered }), deletedAt: null },
      tenancyErrors.organization_not_found,
    );
    unit.checkVersion(organization);
    const { id } = organization;
    const changes = diff({ ...organization }, fields);
    if (isEmpty(changes)) return organizationById(unit.db, id);
    Object.assign(organization, fields, { updatedAt: unit.now });
    await unit.em.flush();
    await recordEvents(unit, {
      type: 'organization.tier_changed',
      entity: { type: 'organization', id },
      changes,
      data: { version: organization.version },
      organizationId: id,
      actorId: ctx.principal?.userId ?? null,
    });
    return organizationById(unit.db, id);
  });
}
