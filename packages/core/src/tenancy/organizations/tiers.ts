import { type RawBuilder, sql } from 'kysely';
import type { ReadDoor } from '../../database/read-door.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { type DomainError, errors } from '../../kernel/errors.ts';

export const tiers = ['free', 'pro', 'enterprise'] as const;
export type Tier = (typeof tiers)[number];

/** How many of each an organization may have. Null means no limit. */
interface TierLimits {
  /** Members, including suspended ones. A pending invitation takes a seat. */
  users: number | null;
  /** Tasks outside the trash. */
  tasks: number | null;
  apiKeys: number | null;
  webhooks: number | null;
  /** OpenID Connect issuers of the organization. With a limit of 0, existing issuers sign nobody in. */
  identityProviders: number | null;
  /** Requests of all members together. */
  requestsPerMinute: number | null;
  /** One file, in bytes. */
  fileBytes: number;
  /** All attachments together, in bytes. Those in the trash count. */
  attachmentBytes: number | null;
}

const megabyte = 1024 * 1024;
const gigabyte = 1024 * megabyte;

/** The limits of every tier. An organization's own `maxUsers` and `maxTasks` override them. */
export const tierLimits: Readonly<Record<Tier, TierLimits>> = {
  free: {
    users: 10,
    tasks: 1000,
    apiKeys: 3,
    webhooks: 3,
    identityProviders: 0,
    requestsPerMinute: 300,
    fileBytes: 25 * megabyte,
    attachmentBytes: gigabyte,
  },
  pro: {
    users: 100,
    tasks: 50_000,
    apiKeys: 30,
    webhooks: 30,
    identityProviders: 0,
    requestsPerMinute: 3000,
    fileBytes: 250 * megabyte,
    attachmentBytes: 100 * gigabyte,
  },
  enterprise: {
    users: null,
    tasks: null,
    apiKeys: 300,
    webhooks: 300,
    identityProviders: 100,
    requestsPerMinute: 30_000,
    fileBytes: 5 * gigabyte,
    attachmentBytes: null,
  },
};

export type Limit = keyof TierLimits;

/** Means "no limit" where numbers are compared. Counts are integers of 32 bits, and bytes are doubles. */
const unlimited = (limit: Limit): number => (/bytes$/i.test(limit) ? Number.MAX_SAFE_INTEGER : 2_147_483_647);

/** The columns that hold an organization's own limits. */
const ownLimits: Partial<Record<Limit, string>> = {
  users: 'organizations.max_users',
  tasks: 'organizations.max_tasks',
};

/** A limit as an SQL expression over a row of `organizations`. The numbers above are written into it. */
export function limitOf(limit: Limit): RawBuilder<number> {
  const cases = tiers.map(
    (tier) => sql`when ${sql.lit(tier)} then ${sql.lit(tierLimits[tier][limit] ?? unlimited(limit))}`,
  );
  const ofTier = sql<number>`case organizations.tier ${sql.join(cases, sql` `)} end`;
  const own = ownLimits[limit];
  return own === undefined ? ofTier : sql<number>`coalesce(${sql.ref(own)}, ${ofTier})`;
}

export async function readLimit(db: ReadDoor, organizationId: string, limit: Limit): Promise<number> {
  const { max } = await db
    .selectFrom('organizations')
    .select(limitOf(limit).as('max'))
    .where('organizations.id', '=', organizationId)
    .executeTakeFirstOrThrow();
  return max;
}

/**
 * Throws when an organization may not have this many. The caller must have locked the organization row, so that the count stays
 * exact until commit.
 * @throws `limit_exceeded`
 */
export async function refuseBeyondLimit(
  { db }: Unit,
  organizationId: string,
  limit: Limit,
  count: number,
): Promise<void> {
  const max = await readLimit(db, organizationId, limit);
  if (count > max) throw limitExceeded(limit, max);
}

/** The error for an organization that has reached a limit. */
export const limitExceeded = (limit: Limit, max: number): DomainError =>
  errors.limit_exceeded({ limit, max, message: `The organization may have ${max} ${limit}, and no more.` });
