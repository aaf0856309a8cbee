import { activityRouter } from './activity/activity.router.ts';
import { auditRouter } from './activity/audit.router.ts';
import { analyticsRouter } from './analytics/analytics.router.ts';
import { apiAuditRouter } from './api-log/api-audit.router.ts';
import { authRouter } from './identity/auth.router.ts';
import { oidcIdentityRouter } from './identity/oidc.router.ts';
import { passkeyRouter } from './identity/passkey.router.ts';
import { sessionRouter } from './identity/session.router.ts';
import { userRouter } from './identity/user.router.ts';
import { eventRouter } from './live/event.router.ts';
import { notificationPreferenceRouter, notificationRouter } from './notifications/notification.router.ts';
import { accessRouter } from './tenancy/access.router.ts';
import { apiKeyRouter } from './tenancy/api-key.router.ts';
import { departmentRouter } from './tenancy/department.router.ts';
import { identityProviderRouter } from './tenancy/identity-provider.router.ts';
import { invitationRouter } from './tenancy/invitation.router.ts';
import { memberRouter } from './tenancy/member.router.ts';
import { organizationRouter } from './tenancy/organization.router.ts';
import { roleAssignmentRouter } from './tenancy/role-assignment.router.ts';
import { roleRouter } from './tenancy/role.router.ts';
import { serviceAccountRouter } from './tenancy/service-account.router.ts';
import { teamRouter } from './tenancy/team.router.ts';
import { router } from './trpc.ts';
import { webhookDeliveryRouter } from './webhooks/webhook-delivery.router.ts';
import { webhookRouter } from './webhooks/webhook.router.ts';
import { attachmentRouter } from './work/attachment.router.ts';
import { commentRouter } from './work/comment.router.ts';
import { jobRouter } from './work/job.router.ts';
import { projectMemberRouter } from './work/project-member.router.ts';
import { projectRouter } from './work/project.router.ts';
import { tagRouter } from './work/tag.router.ts';
import { taskWatcherRouter } from './work/task-watcher.router.ts';
import { taskRouter } from './work/task.router.ts';

/** Every operation of the platform. */
export const appRouter = router({
  auth: authRouter,
  users: userRouter,
  sessions: sessionRouter,
  passkeys: passkeyRouter,
  oidcIdentities: oidcIdentityRouter,
  organizations: organizationRouter,
  members: memberRouter,
  invitations: invitationRouter,
  roles: roleRouter,
  roleAssignments: roleAssignmentRouter,
  access: accessRouter,
  apiKeys: apiKeyRouter,
  serviceAccounts: serviceAccountRouter,
  identityProviders: identityProviderRouter,
  departments: departmentRouter,
  teams: teamRouter,
  projects: projectRouter,
  projectMembers: projectMemberRouter,
  tasks: taskRouter,
  taskWatchers: taskWatcherRouter,
  tags: tagRouter,
  comments: commentRouter,
  activity: activityRouter,
  events: eventRouter,
  analytics: analyticsRouter,
  apiAudit: apiAuditRouter,
  audit: auditRouter,
  notifications: notificationRouter,
  notificationPreferences: notificationPreferenceRouter,
  attachments: attachmentRouter,
  jobs: jobRouter,
  webhooks: webhookRouter,
  webhookDeliveries: webhookDeliveryRouter,
});

export type AppRouter = typeof appRouter;
