import { createHash } from 'node:crypto';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { errors } from '../kernel/errors.ts';
import type { MutationRequest } from '../kernel/mutation.ts';
import type { ServiceContext } from './context.ts';
import type { Door } from './door.ts';
import { isLockTimeout } from './failures.ts';
import { statement } from './statement.ts';

/** The part of a unit of work that an idempotency key needs. */
interface KeyedUnit {
  readonly ctx: ServiceContext;
  readonly db: Door;
  readonly now: Date;
  readonly accepted: boolean;
}

/** The answer of a mutation as it is kept. */
interface KeptAnswer {
  value: unknown;
  /** Whether it is a job, which goes on with the work. @default false */
  accepted?: boolean;
}

const fingerprint = ({ input, ifMatch, ifNoneMatch }: MutationRequest): string =>
  createHash('sha256').update(canonicalJson({ input, ifMatch, ifNoneMatch })).digest('base64url');

/** The primary key of the request's row. Every mutation with a key has an actor: `auth.*` refuses the header. */
function keyOf(unit: KeyedUnit, request: MutationRequest) {
  const { principal } = unit.ctx;
  if (principal === null || request.idempotencyKey === null) throw errors.unauthenticated();
  return {
    user_id: principal.userId,
    // A key of the user's is an actor of its own.
    scope: [principal.organizationId ?? '', ...(principal.apiKeyId ? [principal.apiKeyId] : [])].join(' '),
    procedure: request.procedure,
    key: request.idempotencyKey,
  };
}

/**
 * Takes the key for this transaction, or finds the answer that was kept for it. A second request with the same key waits until the first
 * one has ended: on PostgreSQL in the unique index, on SQLite for its turn. On SQLite both may share a commit.
 */
export async function claimKey(unit: KeyedUnit, request: MutationRequest): Promise<KeptAnswer | null> {
  const key = keyOf(unit, request);
  const own = fingerprint(request);
  const claimed = await unit.db
    .insertInto('idempotency_keys')
    .values({ ...key, fingerprint: own, answer: null, created_at: unit.now as never })
    .onConflict((conflict) => conflict.doNothing())
    .returning('key')
    .execute()
    .catch((error: unknown) => {
      throw isLockTimeout(error) ? errors.idempotency_in_progress({ retryAfter: 1, cause: error }) : error;
    });
  if (claimed.length > 0) return null;
  const first = await unit.db
    .selectFrom('idempotency_keys')
    .select(['fingerprint', 'answer'])
    .where((where) => where.and(key))
    .executeTakeFirstOrThrow();
  if (first.fingerprint !== own) throw errors.idempotency_key_reused();
  if (!first.answer) throw errors.idempotency_secret_already_shown();
  return first.answer;
}

const keep = statement<ReturnType<typeof keyOf> & { answer: string }, unknown>(
  (db, { user_id, scope, procedure, key, answer }) =>
    db
      .updateTable('idempotency_keys')
      .set({ answer: answer as never })
      .where('user_id', '=', user_id)
      .where('scope', '=', scope)
      .where('procedure', '=', procedure)
      .where('key', '=', key),
);

/** Keeps the answer beside the changes that it reports. */
export const keepAnswer = (unit: KeyedUnit, request: MutationRequest, value: unknown): Promise<unknown> =>
  unit.db.run(keep, {
    ...keyOf(unit, request),
    answer: JSON.stringify({ value: value ?? null, ...(unit.accepted && { accepted: true }) }),
  });
