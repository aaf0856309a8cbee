import type { Row } from '../../database/schema.ts';
import { keyOf } from '../../kernel/text.ts';
import { defineRecord } from '../../records/index.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { type InvitationEntity, invitationTable } from './invitation.entity.ts';
import { invitedMemberEvents } from './invitation.events.ts';
import { Invitation } from './invitation.schema.ts';

export const invitations = defineRecord(invitationTable, {
  output: Invitation,
  people: { invitedBy: 'invitedById' },
  events: { created: invitedMemberEvents.invited },
  derived: ({ email }) => ({ emailKey: keyOf(email) }),
  missing: tenancyErrors.invitation_not_found,
});

export type InvitationRow = Row<typeof InvitationEntity>;

/** The status that clients see: a pending invitation expires without being written. */
export const statusAt = (now: Date, { status, expiresAt }: InvitationRow): Invitation['status'] =>
  status === 'pending' && expiresAt <= now.toISOString() ? 'expired' : status;
