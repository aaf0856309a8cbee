import { type RawBuilder, sql } from 'kysely';
import type { ReadDoor } from '../../database/read-door.ts';
import { type DomainError, errors } from '../../kernel/errors.ts';

export const tiers = ['free', 'pro', 'enterprise'] as const;
export type Tier = (typeof tiers)[number];

/** What there is of each in an organization at most; null is no limit. */
interface TierLimits {
  /** Members, suspended ones too. An invitation that waits keeps a seat. */
  users: number | null;
  /** Not in the trash. */
  tasks: number | null;
  apiKeys: number | null;
  webhooks: number | null;
  /** OpenID Connect issuers of its own; with none, those that are there already sign nobody in. */
  identityProviders: number | null;
  /** Of all its members together. */
  requestsPerMinute: number | null;
}

/** The limits of every tier. An organization's own `maxUsers` and `maxTasks` go before. */
export const tierLimits: Readonly<Record<Tier, TierLimits>> = {
  free: { users: 10, tasks: 1000, apiKeys: 3, webhooks: 3, identityProviders: 0, requestsPerMinute: 300 },
  pro: { users: 100, tasks: 50_000, apiKeys: 30, webhooks: 30, identityProviders: 0, requestsPerMinute: 3000 },
  enterprise: {
    users: null,
    tasks: null,
    apiKeys: 300,
    webhooks: 300,
    identityProviders: 100,
    requestsPerMinute: 30_000,
  },
};

export type Limit = keyof TierLimits;

/** What stands for no limit where numbers are compared. */
const unlimited = 2_147_483_647;

/** The columns in which an organization has a limit of its own. */
const ownLimits: Partial<Record<Limit, string>> = {
  users: 'organizations.max_users',
  tasks: 'organizations.max_tasks',
};

/** The limit as SQL over a row of `organizations`: the numbers above, written out. */
export function limitOf(limit: Limit): RawBuilder<number> {
  const cases = tiers.map((tier) => sql`when ${sql.lit(tier)} then ${sql.lit(tierLimits[tier][limit] ?? unlimited)}`);
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

/** What an organization is answered that has as many as it may have. */
export const limitExceeded = (limit: Limit, max: number): DomainError =>
  errors.limit_exceeded({ limit, max, message: `The organization may have ${max} ${limit}, and no more.` });
