import type { Database } from '../database/database.ts';
import { readThroughIdentityDoor } from '../database/identity-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import type { Clock } from '../kernel/clock.ts';
import { errors } from '../kernel/errors.ts';
import type { Grant, Principal } from '../kernel/principal.ts';
import { cacheAgeMs, type Identity, RecentCache } from '../identity/index.ts';
import { definitionOf } from './role.rules.ts';
import { tenancyErrors } from './tenancy.errors.ts';

/** An active membership with what it allows. */
interface ActiveMembership {
  organizationId: string;
  slug: string;
  /** Of the organization. */
  isActive: boolean;
  /** Whether the organization is in the trash. */
  isDeleted: boolean;
  /** Sessions that began until then are cut off, in milliseconds since the epoch. */
  sessionsEndedAt: number | null;
  grants: readonly Grant[];
}

type ActiveMemberships = readonly ActiveMembership[];

const caches = new WeakMap<Database, RecentCache<ActiveMemberships>>();

function cacheOf(database: Database): RecentCache<ActiveMemberships> {
  let cache = caches.get(database);
  if (!cache) caches.set(database, (cache = new RecentCache(10_000, cacheAgeMs)));
  return cache;
}

/** Makes this process read anew, once the unit has committed, what a user may do and where. */
export const forgetPrincipal = (unit: Unit, userId: string): void =>
  unit.afterCommit(() => cacheOf(unit.ctx.database).delete(userId));

/** The same for every member of an organization. */
export const forgetPrincipalsIn = (unit: Unit, organizationId: string): void =>
  unit.afterCommit(() =>
    cacheOf(unit.ctx.database).deleteWhere((memberships) =>
      memberships.some((membership) => membership.organizationId === organizationId),
    ),
  );

async function loadActiveMemberships(database: Database, userId: string): Promise<ActiveMemberships> {
  const rows = await readThroughIdentityDoor(database, (db) =>
    db
      .selectFrom('memberships')
      .innerJoin('organizations', 'organizations.id', 'memberships.organization_id')
      .leftJoin('role_assignments', (join) =>
        join
          .onRef('role_assignments.organization_id', '=', 'memberships.organization_id')
          .onRef('role_assignments.user_id', '=', 'memberships.user_id'),
      )
      .leftJoin('roles', (join) =>
        join
          .onRef('roles.organization_id', '=', 'role_assignments.organization_id')
          .onRef('roles.id', '=', 'role_assignments.role_id'),
      )
      .select([
        'memberships.organization_id as organizationId',
        'organizations.slug',
        'organizations.is_active as isActive',
        'organizations.deleted_at as deletedAt',
        'memberships.sessions_ended_at as sessionsEndedAt',
        'roles.id as roleId',
        'roles.key as roleKey',
      ])
      .where('memberships.user_id', '=', userId)
      .where('memberships.status', '=', 'active')
      .execute(),
  );
  const memberships = new Map<string, ActiveMembership & { grants: Grant[] }>();
  for (const { organizationId, slug, isActive, deletedAt, sessionsEndedAt: endedAt, roleId, roleKey } of rows) {
    const isDeleted = deletedAt !== null;
    const sessionsEndedAt = endedAt === null ? null : Date.parse(endedAt);
    const organization = { organizationId, slug, isActive, isDeleted, sessionsEndedAt };
    const known = memberships.get(organizationId) ?? { ...organization, grants: [] };
    memberships.set(organizationId, known);
    if (roleId !== null && roleKey !== null)
      known.grants.push({ roleId, roleKey, ...definitionOf(roleKey), scope: { kind: 'organization' } });
  }
  return [...memberships.values()];
}

/** Which organization the request names: by id or slug. */
export interface ChosenOrganization {
  path?: string | undefined;
  header?: string | undefined;
  /**
   * Also one that is not active, and with `deleted` one in the trash: for the operations that read it, bring it back or end it.
   * @default only an active one
   */
  evenIf?: 'inactive' | 'deleted' | undefined;
}

/** @throws `organization_not_found` */
function named(memberships: ActiveMemberships, name: string): ActiveMembership {
  const lowered = name.toLowerCase();
  const found = memberships.find(({ organizationId, slug }) => organizationId === lowered || slug === lowered);
  if (!found) throw tenancyErrors.organization_not_found();
  return found;
}

/** @throws `organization_not_found`, `validation_failed` when path and header name different ones */
function explicit(memberships: ActiveMemberships, { path, header }: ChosenOrganization): ActiveMembership | null {
  const name = path ?? header;
  if (name === undefined) return null;
  const found = named(memberships, name);
  if (
    header !== undefined &&
    path !== undefined &&
    ![found.organizationId, found.slug].includes(header.toLowerCase())
  ) {
    const message = 'The path names another organization.';
    throw errors.validation_failed({ errors: [{ path: '/header/X-Organization-Id', code: 'custom', message }] });
  }
  return found;
}

/** Whether an administrator has ended the member's sessions there since this one began. */
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
  // What nobody asked for by name is no reason to refuse who can do without.
  if (need === 'optional' && !own) return null;
  if (cutOff) throw tenancyErrors.session_cut_off();
  if (found) throw tenancyErrors.organization_inactive();
  throw memberships.length === 0 ? tenancyErrors.no_organization() : tenancyErrors.organization_required();
}

/**
 * Who acts, and in which organization: the path's, else the header's, else the session's active one, else the only one. What the
 * database says is at most 3 seconds old.
 * @param need `none`: outside of any organization; `optional`: in one if there is one
 * @throws `no_organization`, `organization_required`, `organization_not_found`, `organization_inactive`, `session_cut_off`, and
 * `validation_failed` when path and header differ
 */
export async function loadPrincipal(
  database: Database,
  clock: Clock,
  identity: Identity,
  need: 'none' | 'optional' | 'required',
  chosen: ChosenOrganization = {},
): Promise<Principal> {
  const { userId, sessionId, emailVerified, instanceAdmin } = identity;
  const person = { userId, sessionId, emailVerified, ...(instanceAdmin && { instanceAdmin }) };
  if (need === 'none') return { ...person, organizationId: null, grants: [] };
  const memberships = await cacheOf(database).get(userId, clock.now(), () => loadActiveMemberships(database, userId));
  // What is in the trash is in no list.
  const reachable = (memberships ?? []).filter(({ isDeleted }) => !isDeleted || chosen.evenIf === 'deleted');
  const found = choose(reachable, identity, need, chosen);
  return { ...person, organizationId: found?.organizationId ?? null, grants: found?.grants ?? [] };
}
