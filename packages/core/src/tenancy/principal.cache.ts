import type { Database } from '../database/database.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { cacheAgeMs, RecentCache } from '../identity/index.ts';
import { onePer } from '../kernel/per.ts';
import type { AccessPolicy, Grant } from '../kernel/principal.ts';

/*
 * What users may do, for a few seconds. Every room that changes it must evict it, so the cache is below all rooms; the room
 * `principals` loads it.
 */

/** An active membership with what it allows. */
export interface ActiveMembership {
  organizationId: string;
  slug: string;
  /** Of the organization. */
  isActive: boolean;
  /** Whether the organization is in the trash. */
  isDeleted: boolean;
  /** Sessions that began until then are cut off, in milliseconds since the epoch. */
  sessionsEndedAt: number | null;
  /** Of the user. */
  timezone: string;
  /** Also those that end, or have ended. */
  grants: readonly Grant[];
  policy: AccessPolicy;
}

export type ActiveMemberships = readonly ActiveMembership[];

/** One for each database of the process, by the id of the user. */
export const principalCacheOf = onePer<Database, RecentCache<ActiveMemberships>>(
  () => new RecentCache(10_000, cacheAgeMs),
);

/** Makes this process read anew, once the unit has committed, what a user may do and where. */
export const forgetPrincipal = (unit: Unit, userId: string): void =>
  unit.afterCommit(() => principalCacheOf(unit.ctx.database).delete(userId));

/** The same for every member of an organization. */
export const forgetPrincipalsIn = (unit: Unit, organizationId: string): void =>
  unit.afterCommit(() =>
    principalCacheOf(unit.ctx.database).deleteWhere((memberships) =>
      memberships.some((membership) => membership.organizationId === organizationId),
    ),
  );
