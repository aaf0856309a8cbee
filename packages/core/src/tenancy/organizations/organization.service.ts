import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { changeOrganization, organizations } from './organization.record.ts';
import type { Organization, OrganizationUpdate } from './organization.schema.ts';

/**
 * Changes the given fields of the organization of the context.
 * @throws `permission_denied`, `version_conflict`, `slug_taken`
 */
export async function updateOrganization(
  ctx: ServiceContext,
  { organizationId: _path, ...fields }: OrganizationUpdate,
): Promise<Organization> {
  authorize(ctx, 'organization:update');
  return mutate(ctx, async (unit) => {
    const organization = await organizations.lock(unit, unit.owner.organizationId);
    return organizations.answer(unit.db, await changeOrganization(unit, organization, fields));
  });
}
