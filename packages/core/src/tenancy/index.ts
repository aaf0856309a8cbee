import type { MailTemplate } from '../identity/index.ts';
import { invitationRoleTable, invitationTable } from './invitation.entity.ts';
import { invitationMail } from './invitation.mail.ts';
import { membershipTable } from './membership.entity.ts';
import { organizationTable } from './organization.entity.ts';
import { roleAssignmentTable, roleTable } from './role.entity.ts';

export { AcceptInvitation, CurrentAccess, InvitedRegistered, Register, Registered } from './auth.schema.ts';
export { getCurrentAccess, login, register } from './auth.service.ts';
export { acceptInvitation, declineInvitation, registerInvited } from './invitation.answer.ts';
export { tenancyHandlers, tenancySchedules } from './maintenance.ts';
export { listInvitations, listOwnInvitations } from './invitation.queries.ts';
export {
  Invitation,
  InvitationId,
  InvitationListInput,
  InvitationPage,
  InvitationPath,
  OrganizationInvitationListInput,
} from './invitation.schema.ts';
export { addMember, resendInvitation, revokeInvitation } from './invitation.service.ts';
export { reinstateMember, suspendMember, updateMember } from './member.lifecycle.ts';
export { listMembers } from './member.queries.ts';
export {
  Member,
  MemberAdd,
  MemberInvited,
  MemberListInput,
  MemberPage,
  MemberPath,
  MemberRoles,
  MemberUpdate,
} from './member.schema.ts';
export { removeMember, setMemberRoles } from './member.service.ts';
export { MembershipEntity } from './membership.entity.ts';
export {
  activateOrganization,
  deactivateOrganization,
  deleteOrganization,
  restoreOrganization,
} from './organization.lifecycle.ts';
export { transferOwnership } from './organization.ownership.ts';
export { getOrganization, listOwnOrganizations } from './organization.queries.ts';
export {
  Organization,
  OrganizationCreate,
  OrganizationListInput,
  OrganizationPage,
  OrganizationPath,
  OrganizationTransfer,
  OrganizationUpdate,
  TierChange,
} from './organization.schema.ts';
export { createOrganization, updateOrganization } from './organization.service.ts';
export { leaveOrganization, switchOrganization } from './organization.switch.ts';
export { setOrganizationTier } from './organization.tier.ts';
export { type ChosenOrganization, loadPrincipal } from './principal.ts';
export { listRoles } from './role.queries.ts';
export { Role, RoleListInput, RolePage } from './role.schema.ts';
export { tenancyErrors } from './tenancy.errors.ts';
export { limitExceeded, limitOf, readLimit } from './tiers.ts';

export const tenancyTables = [
  organizationTable,
  membershipTable,
  roleTable,
  roleAssignmentTable,
  invitationTable,
  invitationRoleTable,
];

/** The mails of this context, by their template. */
export const tenancyMails: Readonly<Record<string, MailTemplate>> = { invitation: invitationMail };
