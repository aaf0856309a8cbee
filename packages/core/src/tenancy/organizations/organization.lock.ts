import type { Unit } from '../../database/unit-of-work.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { OrganizationEntity } from './organization.entity.ts';

/** Locks the organization row until commit. Changes that depend on all of its members then happen one after the other. */
export async function lockOrganization(unit: Unit, id: string): Promise<void> {
  await unit.load(OrganizationEntity, { id }, tenancyErrors.organization_not_found);
}
