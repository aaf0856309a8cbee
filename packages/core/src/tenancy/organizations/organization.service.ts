import { authorize } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { diff, isEmpty } from '../../kernel/changes.ts';
import { forgetPrincipalsIn } from '../principal.cache.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { OrganizationEntity } from './organization.entity.ts';
import { organizationById } from './organization.queries.ts';
import type { Organization, OrganizationUpdate } from './organization.schema.ts';
import { refuseTakenSlug } from './slug.ts';

/**
 * Changes the given fields of the organization of the context.
 * @throws `permission_denied`, `version_conflict`, `slug_taken`
 */
export async function updateOrganization(
  ctx: ServiceContext,
  { organizationId: _path, ...fields }: OrganizationUpdate,
): Promise<Organization> {
  authorize(ctx, 'organization:update');
  const { organizationId: id, userId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    const organization = await unit.load(OrganizationEntity, { id }, tenancyErrors.organization_not_found);
    unit.checkVersion(organization);
    const changes = diff({ ...organization }, fields);
    if (isEmpty(changes)) return organizationById(unit.db, id);
    Object.assign(organization, fields, { updatedAt: unit.now, updatedById: userId });
    await unit.em.flush().catch(refuseTakenSlug);
    await recordEvents(unit, {
      type: 'organization.updated',
      entity: { type: 'organization', id },
      changes,
      data: { version: organization.version },
    });
    forgetPrincipalsIn(unit, id);
    return organizationById(unit.db, id);
  });
}
