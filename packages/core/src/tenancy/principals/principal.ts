import type { Database } from '../../database/database.ts';
import type { Identity, PresentedApiKey } from '../../identity/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import { errors } from '../../kernel/errors.ts';
import type { Grant, Principal } from '../../kernel/principal.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { type ActiveMembership, type ActiveMemberships, grantsAt, principalCache } from './principal.load.ts';

/** The organization that a request names, by id or slug. */
export interface ChosenOrganization {
  path?: string | undefined;
  header?: string | undefined;
  /**
   * `inactive` also accepts an inactive organization, `deleted` also one in the trash: for operations that read or change that.
   * @default only an active one
   */
  evenIf?: 'inactive' | 'deleted' | undefined;
}

/** @throws `organization_not_found`, `validation_failed` when path and header name different ones */
function explicit(memberships: ActiveMemberships, { path, header }: ChosenOrganization): ActiveMembership | null {
  const name = (path ?? header)?.toLowerCase();
  if (name === undefined) return null;
  const found = memberships.find(({ organizationId, slug }) => organizationId === name || slug === name);
  if (!found) throw tenancyErrors.organization_not_found();
  if (header !== undefined && ![found.organizationId, found.slug].includes(header.toLowerCase())) {
    const message = 'The path names another organization.';
    throw errors.validation_failed({ errors: [{ path: '/header/X-Organization-Id', code: 'custom', message }] });
  }
  return found;
}

/** Whether an administrator has ended the member's sessions there since this session began. */
const isCutOff = ({ sessionsEndedAt }: ActiveMembership, { sessionStartedAt }: Identity): boolean =>
  sessionsEndedAt !== null && sessionStartedAt !== null && sessionStartedAt <= sessionsEndedAt;

function choose(
  memberships: ActiveMemberships,
  identity: Identity,
  need: 'optional' | 'required',
  chosen: ChosenOrganization,
): ActiveMembership | null {
  const own = explicit(memberships, chosen);
  const active = memberships.find(({ organizationId }) => organizationId === identity.activeOrganizationId);
  const found = own ?? active ?? (memberships.length === 1 ? memberships[0] : undefined);
  const cutOff = found !== undefined && isCutOff(found, identity);
  if (found && (found.isActive || chosen.evenIf) && !cutOff) return found;
  // An operation that can do without an organization is not refused because of one that the request did not name.
  if (need === 'optional' && !own) return null;
  if (cutOff) throw tenancyErrors.session_cut_off();
  if (found) throw tenancyErrors.organization_inactive();
  throw memberships.length === 0 ? tenancyErrors.no_organization() : tenancyErrors.organization_required();
}

/** The organization to which an API key is bound, or a session that began at an organization's issuer. */
const boundTo = ({ apiKey, limitedToId = null }: Identity): string | null => apiKey?.organizationId ?? limitedToId;

/**
 * Returns only the membership in the organization to which a credential is bound.
 * @throws `unauthenticated` when its user is no longer an active member, or the organization is in the trash
 */
function membershipIn(memberships: ActiveMemberships, organizationId: string): ActiveMemberships {
  const own = memberships.filter((membership) => membership.organizationId === organizationId);
  if (own.length === 0) throw errors.unauthenticated();
  return own;
}

/** Narrows grants to the permissions that are scopes of the key. Each keeps its own scope, constraints and end. */
export const narrowed = (grants: readonly Grant[], { scopes }: Pick<PresentedApiKey, 'scopes'>): Grant[] =>
  grants.map((grant) => ({
    ...grant,
    permissions: new Set([...grant.permissions].filter((permission) => scopes.has(permission))),
  }));

const personOf = ({ userId, sessionId, emailVerified, instanceAdmin, apiKey, limitedToId }: Identity) => ({
  userId,
  sessionId,
  emailVerified,
  ...(instanceAdmin && { instanceAdmin }),
  ...(apiKey && { apiKeyId: apiKey.id }),
  ...(limitedToId != null && { limited: true }),
});

const outside = (identity: Identity): Principal => ({ ...personOf(identity), organizationId: null, grants: [] });

interface Made {
  readonly membership: ActiveMembership;
  readonly principal: Principal;
  /** From when, and until when, its grants are right. In milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
}

/** The latest principal of each session, as the session was loaded. Requests share it, so what is derived from it is derived once. */
const latest = new WeakMap<Identity, Made>();

/** Returns the principal of a session or of an API key in one organization. */
function principalIn(membership: ActiveMembership, identity: Identity, at: Date): Principal {
  const known = latest.get(identity);
  if (known?.membership === membership && known.from <= at.getTime() && at.getTime() < known.until)
    return known.principal;
  const { organizationId, timezone, policy, apiAudit } = membership;
  const { apiKey } = identity;
  const living = grantsAt(membership, at);
  const grants = apiKey ? narrowed(living, apiKey) : living;
  const principal = { ...personOf(identity), organizationId, timezone, grants, policy, apiAudit };
  const until = Math.min(...living.map(({ validTo }) => validTo?.getTime() ?? Infinity));
  latest.set(identity, { membership, principal, from: at.getTime(), until });
  return principal;
}

/**
 * Loads who acts and in which organization: the one of the path, else of the header, else the session's active one, else the
 * user's only one. What it knows is at most 3 seconds old.
 * @param need `none`: outside any organization; `optional`: in one if there is one
 * @throws `unauthenticated` for an API key, or a session of an organization's issuer, whose user is no longer a member,
 * `no_organization`, `organization_required`, `organization_not_found`, `organization_inactive`, `session_cut_off`, and
 * `validation_failed` when path and header name different organizations
 */
export async function loadPrincipal(
  database: Database,
  clock: Clock,
  identity: Identity,
  need: 'none' | 'optional' | 'required',
  chosen: ChosenOrganization = {},
): Promise<Principal> {
  const { userId } = identity;
  const bound = boundTo(identity);
  if (need === 'none' && bound === null) return outside(identity);
  const memberships = await principalCache.get(database, userId, clock.now());
  // An organization in the trash counts as missing.
  const living = (memberships ?? []).filter(({ isDeleted }) => !isDeleted || chosen.evenIf === 'deleted');
  const reachable = bound === null ? living : membershipIn(living, bound);
  if (need === 'none') return outside(identity);
  const found = choose(reachable, identity, need, chosen);
  if (!found) return outside(identity);
  return principalIn(found, identity, clock.now());
}
