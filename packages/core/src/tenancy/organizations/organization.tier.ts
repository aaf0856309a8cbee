import type { ServiceContext } from '../../database/context.ts';
import { mutateThroughIdentityDoor } from '../../database/identity-door.ts';
import { requireInstanceAdmin } from '../../identity/index.ts';
import { isUuid } from '../../kernel/ids.ts';
import { organizationEvents } from './organization.events.ts';
import { organizations } from './organization.record.ts';
import type { Organization, TierChange } from './organization.schema.ts';

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
