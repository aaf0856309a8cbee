import { errors, type FailedConstraint } from '../kernel/errors.ts';
import type { Constraint, Grant, Principal, Visibility } from '../kernel/principal.ts';
import { builtInRoleKeys, builtInRoles, type Permission } from './permissions.ts';

/** What a decision on one row needs to know of it. */
export interface Subject {
  /** Of a task, or of the task that the row belongs to. */
  assigneeIds?: readonly string[];
}

export type Decision =
  | { allowed: true }
  | { allowed: false; permission: Permission; grantedBy: string[]; constraint?: FailedConstraint };

type ConstraintCheck = (principal: Principal, subject: Subject) => FailedConstraint | null;

const checks: Record<Constraint, ConstraintCheck> = {
  assignedOnly: (principal, subject) =>
    !subject.assigneeIds || subject.assigneeIds.includes(principal.userId) ? null : { kind: 'assignedOnly' },
};

const grantsOf = (principal: Principal, permission: Permission): Grant[] =>
  principal.grants.filter((grant) => grant.permissions.has(permission));

/** The built-in roles that would allow it, the weakest first: what an administrator can do about a refusal. */
export function rolesGranting(permission: Permission): string[] {
  return builtInRoleKeys.filter((key) => (builtInRoles[key].permissions as readonly Permission[]).includes(permission));
}

/**
 * Whether the principal may: any one grant suffices, with its own constraints. Without a subject only the permission is asked
 * for; with one, the constraints are held against it.
 */
export function decide(principal: Principal, permission: Permission, subject?: Subject): Decision {
  const grants = grantsOf(principal, permission);
  let failed: FailedConstraint | undefined;
  for (const grant of grants) {
    if (!subject) return { allowed: true };
    const failure = grant.constraints.map((constraint) => checks[constraint](principal, subject)).find(Boolean);
    if (!failure) return { allowed: true };
    failed = failure;
  }
  return {
    allowed: false,
    permission,
    grantedBy: rolesGranting(permission),
    ...(failed ? { constraint: failed } : {}),
  };
}

/** Which rows the permission lets the principal see: the read door turns the answer into a predicate. */
export function visibility(principal: Principal, permission: string): Visibility {
  const grants = grantsOf(principal, permission as Permission);
  if (grants.length === 0) return 'none';
  return grants.some((grant) => grant.constraints.length === 0) ? 'all' : ['assigned'];
}

/** Every permission that some grant gives, in the order of the catalogue. */
export function effectivePermissions(principal: Principal): string[] {
  const held = new Set(principal.grants.flatMap((grant) => [...grant.permissions]));
  return builtInRoles.owner.permissions.filter((permission) => held.has(permission));
}

/**
 * Refuses what the principal may not do. The first line of every service function.
 * @throws `unauthenticated`, `permission_denied` with the permission, the roles that grant it and the failed constraint
 */
export function authorize(
  ctx: { readonly principal: Principal | null },
  permission: Permission,
  subject?: Subject,
): asserts ctx is { readonly principal: Principal & { organizationId: string } } {
  if (!ctx.principal) throw errors.unauthenticated();
  const decision = decide(ctx.principal, permission, subject);
  if (!decision.allowed) throw errors.permission_denied(refusal(decision));
}

const refusal = ({ permission, grantedBy, constraint }: Extract<Decision, { allowed: false }>) => ({
  permission,
  grantedBy,
  ...(constraint ? { constraint } : {}),
  message: constraint
    ? `Your roles allow ${permission} only within their constraint ${constraint.kind}.`
    : `This needs the permission ${permission}, which none of your roles gives.`,
});
