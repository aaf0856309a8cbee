import type { ApiAudit } from './api-audit.ts';

/** A rule that limits what a grant allows (C7). */
export const constraints = ['assignedOnly', 'workingHours'] as const;
export type Constraint = (typeof constraints)[number];

/** A kind of place that rows can be in and that a scope can name: `team`, `project`. Tables declare their places. */
export type PlaceKind = string;

/** Where a grant applies: in the whole organization, or in some places of one kind. */
export type GrantScope =
  | { readonly kind: 'organization' }
  | {
      readonly kind: 'department' | 'team' | 'project';
      readonly id: string;
      /** The kind of the places that the scope covers. A department covers teams. */
      readonly place: PlaceKind;
      /** The team or project itself, or every team of the department and of the departments below it. */
      readonly placeIds: ReadonlySet<string>;
    };

/** One role of the principal. An action is allowed when at least one grant allows it under the grant's own constraints. */
export interface Grant {
  readonly roleId: string;
  readonly roleKey: string;
  readonly permissions: ReadonlySet<string>;
  readonly constraints: readonly Constraint[];
  readonly scope: GrantScope;
  /** When the role ends; null if never. A principal has no expired grants. */
  readonly validTo: Date | null;
}

/** When members with the constraint `workingHours` may write, in their own time zone. The organization sets it. */
export interface WorkingHours {
  /** `HH:MM`, the first minute. */
  readonly start: string;
  /** `HH:MM`, the first minute after working hours; `24:00` is the end of the day. */
  readonly end: string;
  /** ISO 8601: 1 is Monday, 7 is Sunday. */
  readonly days: readonly number[];
  /** Tasks with one of these priorities may be changed at any time. */
  readonly exemptPriorities: readonly string[];
}

/** The access settings of an organization, apart from role assignments. */
export interface AccessPolicy {
  readonly workingHours: WorkingHours;
  /** All roles, the strongest first. A refusal names the roles that grant the permission. */
  readonly roles: readonly { readonly key: string; readonly permissions: ReadonlySet<string> }[];
}

/** The user who acts, loaded once per request. Without an organization there are no grants. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string | null;
  /** The API key of the request. Its scopes already narrow `grants`. A key never counts as an owner, whoever created it. @default null */
  readonly apiKeyId?: string | null;
  /** Whether the session is valid in one organization only and cannot change the account. @default false */
  readonly limited?: boolean;
  readonly emailVerified: boolean;
  readonly organizationId: string | null;
  /** Whether the user is an instance administrator, which no role of an organization grants. @default false */
  readonly instanceAdmin?: boolean;
  /** IANA. @default 'UTC' */
  readonly timezone?: string;
  readonly grants: readonly Grant[];
  /** @default the built-in roles, and the usual working hours */
  readonly policy?: AccessPolicy;
  /** What the organization keeps of this call. @default `usualApiAudit` */
  readonly apiAudit?: ApiAudit;
}

/**
 * A closed place, such as a private project. Only its members reach its contents, and those who have a permission in the whole
 * organization. A role in a part of the organization opens no closed place.
 */
export interface ClosedPlace {
  /** The permission that opens all closed places of this kind. */
  readonly opensWith: string;
  /** The user ids of its members. */
  readonly memberIds: readonly string[];
}

/**
 * The rows of a resource that the principal may see, apart from those in closed places: all, none, or the rows that match at least one of
 * the items. Each table declares its places and its people.
 */
export type Visibility = 'all' | 'none' | readonly VisibleRows[];

/** Some rows: those in certain places, those with the principal among their people, or those to which both apply. */
export interface VisibleRows {
  /** Null means everywhere. */
  readonly place: PlaceKind | null;
  /** The ids of the places; empty when `place` is null. */
  readonly placeIds: readonly string[];
  /** Whether the principal must be among the people of the row. */
  readonly own: boolean;
}
