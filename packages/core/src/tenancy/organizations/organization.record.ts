import type { Unit } from '../../database/unit-of-work.ts';
import { defineRecord } from '../../records/index.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { organizationTable } from './organization.entity.ts';
import { organizationEvents } from './organization.events.ts';
import { Organization } from './organization.schema.ts';

export const organizations = defineRecord(organizationTable, {
  output: Organization,
  people: { createdBy: 'createdById' },
  events: organizationEvents,
  missing: tenancyErrors.organization_not_found,
  taken: { error: tenancyErrors.slug_taken, fields: ['slug'] },
});

/**
 * Locks the organization row until commit. Changes that depend on all of its members then happen one after the other.
 * @param id default: the organization of the unit
 * @throws `organization_not_found`
 */
export async function lockOrganization(unit: Unit, id: string = unit.owner.organizationId): Promise<void> {
  const [found] = await organizations.lockMany(unit, { id }, { trash: true });
  if (!found) throw tenancyErrors.organization_not_found();
}
