import { type Clock, systemClock } from '../kernel/clock.ts';
import { errors, type FailedConstraint } from '../kernel/errors.ts';
import type { AccessPolicy, Constraint, Grant, GrantScope, Principal, Visibility } from '../kernel/principal.ts';
import { builtInRoleKeys, builtInRoles, type Permission, permissions } from './permissions.ts';
import { isWithin, nextOpening, usualWorkingHours } from './working-hours.ts';

/** What a decision on one row needs to know of it. */
export interface Subject {
  /** Of a task, or of the task that the row belongs to. Absent: nobody is ever assigned to such a thing. */
  assigneeIds?: readonly string[];
  /** The team of the task; null is none. Absent: it belongs to the organization as a whole. */
  teamId?: string | null;
  priority?: string;
}

export type Decision =
  | { allowed: true }
  | { allowed: false; permission: Permission; grantedBy: string[]; constraint?: FailedConstraint };

interface Question {
  principal: Principal;
  permission: string;
  subject: Subject;
  at: Date;
}

export const usualPolicy: AccessPolicy = {
  workingHours: usualWorkingHours,
  roles: builtInRoleKeys.map((key) => ({ key, permissions: new Set<string>(builtInRoles[key].permissions) })),
};

const policyOf = (principal: Principal): AccessPolicy => principal.policy ?? usualPolicy;

const reads = (permission: string): boolean => permission.endsWith(':read');

/**
 * Whether a scope reaches a row. A part of the organization is its teams, and the tasks of theirs with all that belongs to
 * them; what is everybody's (members, tags, roles …) can only be read from there.
 */
function reaches(scope: GrantScope, permission: string, { teamId }: Subject): boolean {
  if (scope.kind === 'organization') return true;
  if (teamId === undefined) return reads(permission);
  return teamId !== null && scope.teamIds.has(teamId);
}

type ConstraintCheck = (question: Question) => FailedConstraint | null;

const checks: Record<Constraint, ConstraintCheck> = {
  assignedOnly: ({ principal, subject }) =>
    !subject.assigneeIds || subject.assigneeIds.includes(principal.userId) ? null : { kind: 'assignedOnly' },
  workingHours({ principal, permission, subject, at }) {
    const { workingHours } = policyOf(principal);
    const { timezone = 'UTC' } = principal;
    if (reads(permission)) return null;
    if (subject.priority !== undefined && workingHours.exemptPriorities.includes(subject.priority)) return null;
    if (isWithin(workingHours, at, timezone)) return null;
    const allowedAgainAt = nextOpening(workingHours, at, timezone)?.toISOString() ?? null;
    return { kind: 'workingHours', allowedAgainAt, timezone };
  },
};

/** The failure that is told, of several grants': the one that came closest. */
const closeness = ['scope', 'assignedOnly', 'workingHours'] as const satisfies readonly FailedConstraint['kind'][];

const closest = (failures: readonly FailedConstraint[]): FailedConstraint | undefined =>
  failures.toSorted((a, b) => closeness.indexOf(b.kind) - closeness.indexOf(a.kind))[0];

function failureOf(grant: Grant, question: Question): FailedConstraint | null {
  if (!reaches(grant.scope, question.permission, question.subject)) return { kind: 'scope' };
  for (const constraint of grant.constraints) {
    const failure = checks[constraint](question);
    if (failure) return failure;
  }
  return null;
}

const grantsOf = (principal: Principal, permission: string): Grant[] =>
  principal.grants.filter((grant) => grant.permissions.has(permission));

/** The roles that have the permission, the strongest first: what an administrator can do about a refusal. */
export const rolesGranting = (permission: string, { roles }: AccessPolicy = usualPolicy): string[] =>
  roles.filter((role) => role.permissions.has(permission)).map((role) => role.key);

/** Whether the principal has the permission for anything at all, at some time. */
export const isPermitted = (principal: Principal, permission: Permission): boolean =>
  principal.grants.some((grant) => grant.permissions.has(permission));

/**
 * Whether the principal may do this to the subject now: any one grant suffices, with its own scope and constraints. Without a
 * subject it is done to something of the organization as a whole.
 */
export function decide(
  principal: Principal,
  permission: Permission,
  subject: Subject = {},
  at: Date = systemClock.now(),
): Decision {
  const failures: FailedConstraint[] = [];
  for (const grant of grantsOf(principal, permission)) {
    const failure = failureOf(grant, { principal, permission, subject, at });
    if (!failure) return { allowed: true };
    failures.push(failure);
  }
  const constraint = closest(failures);
  const grantedBy = rolesGranting(permission, policyOf(principal));
  return { allowed: false, permission, grantedBy, ...(constraint && { constraint }) };
}

/** Which rows the permission reaches: the read door turns the answer into a predicate. Times of day do not matter to it. */
export function visibility(principal: Principal, permission: string): Visibility {
  const grants = grantsOf(principal, permission);
  if (grants.length === 0) return 'none';
  const assignedOnly = ({ constraints }: Grant) => constraints.includes('assignedOnly');
  const everywhere = grants.filter(({ scope }) => scope.kind === 'organization');
  if (everywhere.some((grant) => !assignedOnly(grant))) return 'all';
  const teamsOf = (some: readonly Grant[]) => [
    ...new Set(some.flatMap(({ scope }) => (scope.kind === 'organization' ? [] : [...scope.teamIds]))),
  ];
  const scoped = grants.filter(({ scope }) => scope.kind !== 'organization');
  const inTeams = scoped.filter((grant) => !assignedOnly(grant));
  const assignedInTeams = scoped.filter(assignedOnly);
  return {
    predicates: [
      ...(everywhere.length > 0 ? (['assigned'] as const) : []),
      ...(inTeams.length > 0 ? (['team'] as const) : []),
      ...(assignedInTeams.length > 0 ? (['assignedInTeam'] as const) : []),
    ],
    teams: teamsOf(inTeams),
    assignedTeams: teamsOf(assignedInTeams),
  };
}

/** Every permission that some grant gives somewhere, in the order of the catalogue. */
export function effectivePermissions(principal: Principal): Permission[] {
  const held = new Set(principal.grants.flatMap((grant) => [...grant.permissions]));
  return permissions.filter((permission) => held.has(permission));
}

interface Acting {
  readonly principal: Principal | null;
  /** @default the machine's */
  readonly clock?: Clock;
}

type InOrganization = { readonly principal: Principal & { organizationId: string } };

/**
 * Refuses who may not do this to anything, at any time. Where it depends on the row, this comes first, and `authorize` once the
 * row is known.
 * @throws `unauthenticated`, `permission_denied`
 */
export function requirePermission(ctx: Acting, permission: Permission): asserts ctx is InOrganization {
  if (!ctx.principal) throw errors.unauthenticated();
  if (isPermitted(ctx.principal, permission)) return;
  const grantedBy = rolesGranting(permission, policyOf(ctx.principal));
  throw errors.permission_denied(refusal(ctx.principal, { permission, grantedBy }));
}

/**
 * Refuses what the principal may not do now. The first line of every service function.
 * @param subject the row; without it, something of the organization as a whole
 * @throws `unauthenticated`, `permission_denied` with the permission, the roles that grant it and the failed constraint
 */
export function authorize(ctx: Acting, permission: Permission, subject?: Subject): asserts ctx is InOrganization {
  if (!ctx.principal) throw errors.unauthenticated();
  const decision = decide(ctx.principal, permission, subject, ctx.clock?.now());
  if (!decision.allowed) throw errors.permission_denied(refusal(ctx.principal, decision));
}

const within: Record<FailedConstraint['kind'], string> = {
  scope: 'in the departments and teams where you hold them',
  assignedOnly: 'for what is assigned to you',
  workingHours: 'in working hours',
};

const refusal = (
  { apiKeyId }: Principal,
  { permission, grantedBy, constraint }: Omit<Extract<Decision, { allowed: false }>, 'allowed'>,
) => ({
  permission,
  grantedBy,
  ...(constraint && { constraint }),
  message: constraint
    ? `Your roles allow ${permission} only ${within[constraint.kind]}.`
    : apiKeyId
      ? `This needs the permission ${permission}, which the API key's scopes and its user's roles do not both have.`
      : `This needs the permission ${permission}, which none of your roles gives.`,
});
