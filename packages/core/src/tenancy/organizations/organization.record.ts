import type { EventType } from '../../activity/index.ts';
import type { Row } from '../../database/schema.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { defineRecord } from '../../records/index.ts';
import { forgetPrincipalsIn } from '../principal.cache.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { type OrganizationEntity, organizationTable } from './organization.entity.ts';
import { organizationEvents } from './organization.events.ts';
import { Organization } from './organization.schema.ts';

export const organizations = defineRecord(organizationTable, {
  output: Organization,
  people: { createdBy: 'createdById' },
  events: organizationEvents,
  missing: tenancyErrors.organization_not_found,
  taken: { error: tenancyErrors.slug_taken, fields: ['slug'] },
});

type OrganizationRow = Row<typeof OrganizationEntity>;

/** Changes an organization that is locked, and drops what this process knows of its members. */
export async function changeOrganization(
  unit: Unit,
  organization: OrganizationRow,
  fields: { [Field in keyof OrganizationRow]?: OrganizationRow[Field] | undefined },
  event: EventType = organizationEvents.updated,
): Promise<OrganizationRow> {
  const { after } = await organizations.change(unit, organization, fields, { event });
  forgetPrincipalsIn(unit, organization.id);
  return after;
}
