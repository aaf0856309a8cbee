import type { Database } from '../database/database.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { cacheAgeMs, RecentCache } from '../identity/index.ts';
import { onePer } from '../kernel/per.ts';
import type { AccessPolicy, Grant } from '../kernel/principal.ts';

/*
 * What users may do is cached for a few seconds. Every room that changes it must drop the cached value, so the cache is below all
 * rooms. The room `principals` fills it.
 */

/** An active membership with what it allows. */
export interface ActiveMembership {
  organizationId: string;
  slug: string;
  /** Whether the organization is active. */
  isActive: boolean;
  /** Whether the organization is in the trash. */
  isDeleted: boolean;
  /** Sessions that began at this instant or before are cut off. Milliseconds since the epoch. */
  sessionsEndedAt: number | null;
  /** The time zone of the user. */
  timezone: string;
  /** Includes grants that will end and grants that have ended. */
  grants: readonly Grant[];
  policy: AccessPolicy;
}

export type ActiveMemberships = readonly ActiveMembership[];

/** One for each database of the process, by the id of the user. */
export const principalCacheOf = onePer<Database, RecentCache<ActiveMemberships>>(
  () => new RecentCache(10_000, cacheAgeMs),
);

/** Drops what this process has cached about a user, once the unit has committed. */
export const forgetPrincipal = (unit: Unit, userId: string): void =>
  unit.afterCommit(() => principalCacheOf(unit.ctx.database).delete(userId));

/**
 * Drops what this process has cached about every member of an organization, once the unit has committed.
 * @param organizationId default: the organization of the unit
 */
export const forgetPrincipalsIn = (unit: Unit, organizationId = unit.owner.organizationId): void =>
  unit.afterCommit(() =>
    principalCacheOf(unit.ctx.database).deleteWhere((memberships) =>
      memberships.some((membership) => membership.organizationId === organizationId),
    ),
  );
