import type { Unit } from '../../database/unit-of-work.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { organizations } from './organization.record.ts';

/**
 * Locks the organization row until commit. Changes that depend on all of its members then happen one after the other.
 * @param id default: the organization of the unit
 * @throws `organization_not_found`
 */
export async function lockOrganization(unit: Unit, id: string = unit.owner.organizationId): Promise<void> {
  const [found] = await organizations.lockMany(unit, { id }, { trash: true });
  if (!found) throw tenancyErrors.organization_not_found();
}
