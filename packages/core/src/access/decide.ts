import { type Clock, systemClock } from '../kernel/clock.ts';
import { errors, type FailedConstraint } from '../kernel/errors.ts';
import type {
  AccessPolicy,
  ClosedPlace,
  Constraint,
  Grant,
  GrantScope,
  PlaceKind,
  Principal,
  Visibility,
  VisibleRows,
} from '../kernel/principal.ts';
import { builtInRoleKeys, builtInRoles, organizationWide, type Permission, permissions } from './permissions.ts';
import { isWithin, nextOpening, usualWorkingHours } from './working-hours.ts';

/** What a decision needs to know about one row. */
export interface Subject {
  /** The user ids of the people of the row, or of the row that it belongs to. Absent: rows of this kind have no people. */
  people?: readonly string[];
  /** The place of each kind that the row is in; null is none. Absent: the row belongs to the organization as a whole. */
  places?: Readonly<Record<PlaceKind, string | null>>;
  /** Whether it can be read from every scope, as what belongs to the whole organization can. Its places then limit writing. */
  shared?: boolean;
  /** The closed place that the row is in. @default none */
  closed?: ClosedPlace | null;
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
 * Whether a scope reaches a row. A scope that covers a part of the organization reaches the rows that are in its places. Rows
 * that belong to the organization as a whole (members, tags, roles …) and shared rows can be read from such a scope. Only what is in
 * its places can be written. A few permissions need the whole organization even to read.
 */
function reaches(scope: GrantScope, permission: string, { places, shared = false }: Subject): boolean {
  if (scope.kind === 'organization') return true;
  if (!places || (shared && reads(permission))) return reads(permission) && !organizationWide.includes(permission);
  const placeId = places[scope.place] ?? null;
  return placeId !== null && scope.placeIds.has(placeId);
}

type ConstraintCheck = (question: Question) => FailedConstraint | null;

const checks: Record<Constraint, ConstraintCheck> = {
  assignedOnly: ({ principal, subject }) =>
    !subject.people || subject.people.includes(principal.userId) ? null : { kind: 'assignedOnly' },
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

/** The failure to report when several grants fail: the one that came closest to allowing the action. */
const closeness = [
  'scope',
  'closed',
  'assignedOnly',
  'workingHours',
] as const satisfies readonly FailedConstraint['kind'][];

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
 * Whether the principal reaches what is in all closed places of a kind.
 * @param permission the one that opens them. Only a grant in the whole organization counts
 */
export const opensClosed = (principal: Principal, permission: string): boolean =>
  grantsOf(principal, permission).some(({ scope }) => scope.kind === 'organization');

/** Whether this place is closed to the principal. */
export const isShutOut = (principal: Principal, closed: ClosedPlace): boolean =>
  !closed.memberIds.includes(principal.userId) && !opensClosed(principal, closed.opensWith);

/** Whether the principal has the permission everywhere, for everything and at any time. */
export const isUnrestricted = (principal: Principal, permission: Permission): boolean =>
  grantsOf(principal, permission).some(
    ({ scope, constraints }) => scope.kind === 'organization' && !constraints.length,
  );

/**
 * Decides whether the principal may do this to the subject now. One grant is enough, with its own scope and constraints.
 * Without a subject, the action concerns something that belongs to the organization as a whole.
 */
export function decide(
  principal: Principal,
  permission: Permission,
  subject: Subject = {},
  at: Date = systemClock.now(),
): Decision {
  const failures: FailedConstraint[] = [];
  const shut = subject.closed && isShutOut(principal, subject.closed) ? ({ kind: 'closed' } as const) : null;
  for (const grant of grantsOf(principal, permission)) {
    const failure = shut ?? failureOf(grant, { principal, permission, subject, at });
    if (!failure) return { allowed: true };
    failures.push(failure);
  }
  const constraint = closest(failures);
  const grantedBy = rolesGranting(permission, policyOf(principal));
  return { allowed: false, permission, grantedBy, ...(constraint && { constraint }) };
}

/**
 * The rows that the permission reaches, apart from closed places: see `opensClosed`. The read door turns the answer into a predicate.
 * The time of day does not matter.
 */
export function visibility(principal: Principal, permission: string): Visibility {
  const grants = grantsOf(principal, permission);
  if (grants.length === 0) return 'none';
  const seen = new Map<string, VisibleRows>();
  for (const { scope, constraints } of grants) {
    const own = constraints.includes('assignedOnly');
    const everywhere = scope.kind === 'organization';
    if (everywhere && !own) return 'all';
    const place = everywhere ? null : scope.place;
    const key = `${place ?? ''} ${own}`;
    const placeIds = new Set([...(seen.get(key)?.placeIds ?? []), ...(everywhere ? [] : scope.placeIds)]);
    seen.set(key, { place, placeIds: [...placeIds], own });
  }
  // In one order, so that statements are compiled once for each set of keys.
  return [...seen.keys()].sort().flatMap((key) => seen.get(key) ?? []);
}

/** The permissions that open closed places of some kind. */
const openings = permissions.filter((permission) => permission.endsWith(':read_private'));

/** Whether the principal sees all rows under a permission, those in closed places too. The read door then adds no condition. */
export const seesAll = (principal: Principal, permission: Permission): boolean =>
  visibility(principal, permission) === 'all' && openings.every((opening) => opensClosed(principal, opening));

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

export type InOrganization = { readonly principal: Principal & { organizationId: string } };

/**
 * Throws unless the principal has the permission for something, at some time. An operation whose answer depends on the row
 * calls this first, and `authorize` once the row is known.
 * @throws `unauthenticated`, `permission_denied`
 */
export function requirePermission(ctx: Acting, permission: Permission): asserts ctx is InOrganization {
  if (!ctx.principal) throw errors.unauthenticated();
  if (isPermitted(ctx.principal, permission)) return;
  const grantedBy = rolesGranting(permission, policyOf(ctx.principal));
  throw errors.permission_denied(refusal(ctx.principal, { permission, grantedBy }));
}

/**
 * Throws unless the principal may do this now. It is the first line of every service function.
 * @param subject the row; without it, something that belongs to the organization as a whole
 * @throws `unauthenticated`, `permission_denied` with the permission, the roles that grant it and the failed constraint
 */
export function authorize(ctx: Acting, permission: Permission, subject?: Subject): asserts ctx is InOrganization {
  if (!ctx.principal) throw errors.unauthenticated();
  const decision = decide(ctx.principal, permission, subject, ctx.clock?.now());
  if (!decision.allowed) throw errors.permission_denied(refusal(ctx.principal, decision));
}

const within: Record<FailedConstraint['kind'], string> = {
  scope: 'in the departments, teams and projects where you have them',
  closed: 'in projects that are not closed to you',
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
