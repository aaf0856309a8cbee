import { authorize, decide, effectivePermissions, rolesGranting, usualPolicy } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { errors } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { AccessExplanation, AccessQuestion, OwnAccess } from './access.schema.ts';
import { actingAs } from './member-principal.ts';
import { grantsAt, loadActiveMemberships } from './principal.load.ts';
import { projectScope } from '../role-assignments/project-scope.ts';
import { tenancyErrors } from '../tenancy.errors.ts';

/**
 * Returns what the caller may do in the organization of the context: by which role, in which scope and until when.
 * @throws `unauthenticated`
 */
export async function getOwnAccess({ principal }: ServiceContext): Promise<OwnAccess> {
  if (!principal) throw errors.unauthenticated();
  const { workingHours } = principal.policy ?? usualPolicy;
  return {
    permissions: effectivePermissions(principal),
    grants: principal.grants.map((grant) => ({
      role: { id: grant.roleId, key: grant.roleKey },
      scope: { kind: grant.scope.kind, id: grant.scope.kind === 'organization' ? null : grant.scope.id },
      permissions: [...grant.permissions],
      constraints: [...grant.constraints],
      validTo: grant.validTo?.toISOString() ?? null,
    })),
    timezone: principal.timezone ?? 'UTC',
    workingHours: {
      ...workingHours,
      days: [...workingHours.days],
      exemptPriorities: [...workingHours.exemptPriorities] as OwnAccess['workingHours']['exemptPriorities'],
    },
  };
}

/** Loads the principal of another member. @throws `member_not_found` unless they are an active member */
async function principalOf(ctx: ServiceContext, organizationId: string, userId: string, at: Date): Promise<Principal> {
  const memberships = await loadActiveMemberships(ctx.database, userId);
  const found = memberships.find((membership) => membership.organizationId === organizationId);
  if (!found) throw tenancyErrors.member_not_found({ field: ['userId'] });
  return actingAs(userId, found, grantsAt(found, at));
}

/**
 * Explains whether an action would be allowed. If not, the answer says what the refusal would say: why, which roles grant it, and
 * when it would be allowed.
 * @throws `unauthenticated`, `project_not_found` also for a project that is closed to the caller; `permission_denied` and
 * `member_not_found` when the question is about another member
 */
export async function explainAccess(ctx: ServiceContext, question: AccessQuestion): Promise<AccessExplanation> {
  const { principal } = ctx;
  if (!principal?.organizationId) throw errors.unauthenticated();
  const { permission, subject, userId } = question;
  const at = question.at === undefined ? ctx.clock.now() : new Date(question.at);
  let asked: Principal = principal;
  if (userId !== undefined && userId !== asked.userId) {
    authorize(ctx, 'member:update');
    asked = await principalOf(ctx, principal.organizationId, userId, at);
  }
  const { assigneeIds, teamId, projectId, priority } = subject;
  const closed = projectId
    ? await projectScope.value.closedPlace(ctx, principal, {
        id: projectId,
        userId: asked.userId,
        field: ['subject', 'projectId'],
      })
    : null;
  const isPlaced = teamId !== undefined || projectId !== undefined;
  const facts = {
    ...(assigneeIds && { people: assigneeIds }),
    ...(isPlaced && { places: { team: teamId ?? null, project: projectId ?? null } }),
    ...(priority !== undefined && { priority }),
    closed,
  };
  const decision = decide(asked, permission, facts, at);
  const grantedBy = rolesGranting(permission, asked.policy);
  const { allowed } = decision;
  const constraint = decision.allowed ? null : decision.constraint;
  if (!constraint) return { allowed, permission, grantedBy, constraint: null };
  const { allowedAgainAt, timezone } =
    constraint.kind === 'workingHours' ? constraint : { allowedAgainAt: null, timezone: null };
  return { allowed, permission, grantedBy, constraint: { kind: constraint.kind, allowedAgainAt, timezone } };
}
