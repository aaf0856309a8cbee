/** A rule that narrows what a grant allows (C7). */
export type Constraint = 'assignedOnly';

/** Where a grant holds. Department and team scopes come with their rooms. */
type Scope = { kind: 'organization' };

/** One role held by the principal. An action is allowed when any one grant passes with its own constraints. */
export interface Grant {
  readonly roleId: string;
  readonly roleKey: string;
  readonly permissions: ReadonlySet<string>;
  readonly constraints: readonly Constraint[];
  readonly scope: Scope;
}

/** Who acts, loaded once a request. Without an organization there are no grants. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string | null;
  readonly emailVerified: boolean;
  readonly organizationId: string | null;
  /** Whether they administer the instance itself, which no role of an organization gives. @default false */
  readonly instanceAdmin?: boolean;
  readonly grants: readonly Grant[];
}

/**
 * Which rows of a resource the principal may see: every one, none, or those that the named predicates let through (any of
 * them suffices). Tables say in their declaration what each predicate means for their rows.
 */
export type Visibility = 'all' | 'none' | readonly VisibilityPredicate[];
export type VisibilityPredicate = 'assigned';
