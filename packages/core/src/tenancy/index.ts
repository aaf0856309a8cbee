import { apiKeyEvents } from './api-keys/api-key.events.ts';
import { departmentEvents } from './departments/department.events.ts';
import { identityProviderEvents } from './identity-providers/identity-provider.events.ts';
import { invitationEvents, invitedMemberEvents } from './invitations/invitation.events.ts';
import { memberEvents } from './memberships/membership.events.ts';
import { organizationEvents, organizationSwitchEvents } from './organizations/organization.events.ts';
import { roleEvents } from './roles/role.events.ts';
import { serviceAccountEvents } from './service-accounts/service-account.events.ts';
import { teamEvents } from './teams/team.events.ts';
import { emailChangeUndoing, type MailTemplate } from '../identity/index.ts';
import type { JobHandlers, Schedule } from '../jobs/index.ts';
import { apiKeyTable } from './api-keys/api-key.entity.ts';
import { disableApiKeysSince, revokeApiKeysOf } from './api-keys/api-key.service.ts';
import { departmentMemberTable, departmentTable } from './departments/department.entity.ts';
import { leaveDepartments } from './departments/department.members.ts';
import { identityProviderTable, roleMappingTable } from './identity-providers/identity-provider.entity.ts';
import { invitationRoleTable, invitationTable } from './invitations/invitation.entity.ts';
import { recordExpired } from './invitations/invitation.expiry.ts';
import { invitationMail } from './invitations/invitation.mail.ts';
import { membershipEnding } from './memberships/membership.lifecycle.ts';
import { membershipTable } from './memberships/membership.entity.ts';
import { organizationTable } from './organizations/organization.entity.ts';
import { sweepOrganizationAvatars } from './organizations/organization.avatar.ts';
import { purgeOrganizations } from './organizations/organization.purge.ts';
import { dropRoles } from './role-assignments/held-roles.ts';
import { roleAssignmentTable } from './role-assignments/role-assignment.entity.ts';
import { roleTable } from './roles/role.entity.ts';
import { serviceAccountTable } from './service-accounts/service-account.entity.ts';
import { teamMemberTable, teamTable } from './teams/team.entity.ts';
import { leaveTeams } from './teams/team.members.ts';

export { tenancyErrors } from './tenancy.errors.ts';
export { getOrganization, listOwnOrganizations, organizationsNamed } from './organizations/organization.queries.ts';
export * from './organizations/organization.schema.ts';
export {
  activateOrganization,
  deactivateOrganization,
  deleteOrganization,
  restoreOrganization,
  setOrganizationTier,
  updateOrganization,
} from './organizations/organization.service.ts';
export {
  getOrganizationAvatar,
  removeOrganizationAvatar,
  setOrganizationAvatar,
} from './organizations/organization.avatar.ts';
export { switchOrganization } from './organizations/organization.switch.ts';
export { limitExceeded, limitOf, readLimit, refuseBeyondLimit } from './organizations/tiers.ts';
export { lockOrganization } from './organizations/organization.record.ts';
export { membershipEnding } from './memberships/membership.lifecycle.ts';
export { currentMembers } from './memberships/membership.queries.ts';
export { MembershipEntity } from './memberships/membership.entity.ts';
export { requireMember } from './memberships/membership.queries.ts';
export { defineTenantTable } from './memberships/tenant-table.ts';
export { getRole, listRoles } from './roles/role.queries.ts';
export * from './roles/role.schema.ts';
export { createRole, deleteRole, updateRole } from './roles/role.service.ts';
export { departmentErrors } from './departments/department.record.ts';
export {
  addDepartmentMember,
  listDepartmentMembers,
  removeDepartmentMember,
} from './departments/department.members.ts';
export { getDepartment, listDepartments } from './departments/department.queries.ts';
export * from './departments/department.schema.ts';
export {
  createDepartment,
  deleteDepartment,
  moveDepartment,
  updateDepartment,
} from './departments/department.service.ts';
export { TeamEntity } from './teams/team.entity.ts';
export { teamErrors, teams } from './teams/team.record.ts';
export { addTeamMember, listTeamMembers, removeTeamMember } from './teams/team.members.ts';
export * from './teams/team.schema.ts';
export {
  createTeam,
  deleteTeam,
  getTeam,
  listTeams,
  teamDeleting,
  teamIdsWithin,
  updateTeam,
} from './teams/team.service.ts';
export { holdersOf, membersWith } from './role-assignments/held-roles.ts';
export { projectScope } from './role-assignments/project-scope.ts';
export { getRoleAssignment, listRoleAssignments } from './role-assignments/role-assignment.queries.ts';
export * from './role-assignments/role-assignment.schema.ts';
export { createRoleAssignment, deleteRoleAssignment } from './role-assignments/role-assignment.service.ts';
export {
  endMemberSessions,
  leaveOrganization,
  reinstateMember,
  removeMember,
  setMemberRoles,
  suspendMember,
  updateMember,
} from './members/member.service.ts';
export { addMembersAtOnce, type WholeMember } from './members/member.bulk.ts';
export { listMembers } from './members/member.queries.ts';
export * from './members/member.schema.ts';
export { createOrganization } from './ownership/organization.founding.ts';
export { transferOwnership } from './ownership/organization.ownership.ts';
export { acceptInvitation, declineInvitation, registerInvited } from './invitations/invitation.answer.ts';
export { inviteeOf, listInvitations, listOwnInvitations } from './invitations/invitation.queries.ts';
export * from './invitations/invitation.schema.ts';
export { addMember, resendInvitation, revokeInvitation } from './invitations/invitation.service.ts';
export { serviceAccountErrors } from './service-accounts/service-account.record.ts';
export { getServiceAccount, listServiceAccounts } from './service-accounts/service-account.queries.ts';
export * from './service-accounts/service-account.schema.ts';
export {
  createServiceAccount,
  deleteServiceAccount,
  updateServiceAccount,
} from './service-accounts/service-account.service.ts';
export { authenticateApiKey } from './api-keys/api-key.authenticate.ts';
export { apiKeyErrors } from './api-keys/api-key.record.ts';
export * from './api-keys/api-key.schema.ts';
export { apiKeyStart } from './api-keys/api-key.secret.ts';
export { createApiKey, deleteApiKey, getApiKey, listApiKeys, updateApiKey } from './api-keys/api-key.service.ts';
export { writeApiKeyUses } from './api-keys/api-key.usage.ts';
export { identityProviderErrors } from './identity-providers/identity-provider.record.ts';
export { getIdentityProvider, listIdentityProviders } from './identity-providers/identity-provider.queries.ts';
export * from './identity-providers/identity-provider.schema.ts';
export {
  createIdentityProvider,
  deleteIdentityProvider,
  updateIdentityProvider,
} from './identity-providers/identity-provider.service.ts';
export {
  answerOidc,
  endOidcSessions,
  finishOidc,
  finishOidcLink,
  linkOidc,
  listOidcIssuers,
  logoutOidc,
  startOidc,
} from './identity-providers/sign-in.service.ts';
export * from './principals/access.schema.ts';
export { explainAccess, getOwnAccess } from './principals/access.service.ts';
export { jobPrincipal } from './principals/job-principal.ts';
export { memberPrincipal } from './principals/member-principal.ts';
export { type ChosenOrganization, loadPrincipal } from './principals/principal.ts';
export * from './auth/auth.schema.ts';
export { getCurrentAccess, login, register, signInWithPasskey, verifySecondFactor } from './auth/auth.service.ts';

/** The events of this context. */
export const tenancyEvents = [
  apiKeyEvents,
  departmentEvents,
  identityProviderEvents,
  invitationEvents,
  invitedMemberEvents,
  memberEvents,
  organizationEvents,
  organizationSwitchEvents,
  roleEvents,
  serviceAccountEvents,
  teamEvents,
];

export const tenancyTables = [
  organizationTable,
  membershipTable,
  departmentTable,
  departmentMemberTable,
  teamTable,
  teamMemberTable,
  roleTable,
  roleAssignmentTable,
  invitationTable,
  invitationRoleTable,
  apiKeyTable,
  serviceAccountTable,
  identityProviderTable,
  roleMappingTable,
];

export const tenancyHandlers: JobHandlers = {
  'invitations.expire': async (_ctx, _payload, job) => ({ expired: await job.steps(recordExpired) }),
  'organization_avatars.sweep': async (ctx, _payload, job) => ({ avatars: await sweepOrganizationAvatars(ctx, job) }),
  'organizations.purge': (ctx, _payload, job) => purgeOrganizations(ctx, job),
};

export const tenancySchedules: readonly Schedule[] = [
  { name: 'invitations.expire', cron: '5 * * * *', kind: 'invitations.expire' },
  { name: 'organization_avatars.sweep', cron: '40 3 * * *', kind: 'organization_avatars.sweep' },
  { name: 'organizations.purge', cron: '50 * * * *', kind: 'organizations.purge' },
];

emailChangeUndoing.add(disableApiKeysSince);
membershipEnding.add(dropRoles, revokeApiKeysOf, leaveTeams, leaveDepartments);

/** The mails of this context, by their template. */
export const tenancyMails: Readonly<Record<string, MailTemplate>> = { invitation: invitationMail };
