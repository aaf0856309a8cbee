import type { MailTemplate } from '../identity/index.ts';
import { invitationRoleTable, invitationTable } from './invitation.entity.ts';
import { invitationMail } from './invitation.mail.ts';
import { membershipTable } from './membership.entity.ts';
import { organizationTable } from './organization.entity.ts';
import { roleAssignmentTable, roleTable } from './role.entity.ts';

export { CurrentAccess, Register, Registered } from './auth.schema.ts';
export { getCurrentAccess, login, register, signInWithPasskey, verifySecondFactor } from './auth.service.ts';
export { listOwnInvitations } from './invitation.queries.ts';
export { Invitation, InvitationId, InvitationListInput, InvitationPage } from './invitation.schema.ts';
export { acceptInvitation, addMember } from './invitation.service.ts';
export { listMembers } from './member.queries.ts';
export {
  Member,
  MemberAdd,
  MemberInvited,
  MemberListInput,
  MemberPage,
  MemberPath,
  MemberRoles,
} from './member.schema.ts';
export { endMemberSessions, removeMember, setMemberRoles } from './member.service.ts';
export { MembershipEntity } from './membership.entity.ts';
export { getOrganization, listOwnOrganizations } from './organization.queries.ts';
export {
  Organization,
  OrganizationCreate,
  OrganizationListInput,
  OrganizationPage,
  OrganizationPath,
  OrganizationUpdate,
} from './organization.schema.ts';
export { createOrganization, updateOrganization } from './organization.service.ts';
export { type ChosenOrganization, loadPrincipal } from './principal.ts';
export { listRoles } from './role.queries.ts';
export { Role, RoleListInput, RolePage } from './role.schema.ts';
export { tenancyErrors } from './tenancy.errors.ts';

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
