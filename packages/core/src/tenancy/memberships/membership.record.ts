import { defineRecord } from '../../records/index.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { membershipTable } from './membership.entity.ts';
import { memberEvents } from './membership.events.ts';
import { Membership } from './membership.schema.ts';

/**
 * Always name the organization in a key: the wall shows a user their memberships in other organizations too, and behind the
 * identity door there is no wall.
 */
export const members = defineRecord(membershipTable, {
  output: Membership,
  people: { user: 'userId' },
  events: { updated: memberEvents.updated },
  missing: tenancyErrors.member_not_found,
});
