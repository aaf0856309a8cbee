import { sql } from 'kysely';
import type { z } from 'zod';
import type { ServiceContext } from '../database/context.ts';
import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import { statement } from '../database/statement.ts';
import { usualApiAudit } from '../kernel/api-audit.ts';
import type { Clock } from '../kernel/clock.ts';
import { uuidv7At } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Principal } from '../kernel/principal.ts';
import { withoutSecrets } from '../kernel/redaction.ts';
import { cutToBytes } from '../kernel/text.ts';
import { ApiRequestEntity } from './api-request.entity.ts';
import { type ApiRoute, type Usage, UsageSums } from './usage-sums.ts';

/** A value that was sent or answered, with the schema that says where its secrets are. */
interface Body {
  value: unknown;
  /** Null for a value without secrets. */
  schema: z.core.$ZodType | null;
}

/** One call of an operation. */
export interface ApiCall {
  principal: Principal;
  route: ApiRoute;
  path: string;
  writes: boolean;
  status: number;
  durationMs: number;
  address: string | null;
  /** Null when the input was refused: nothing says then where its secrets are. */
  request: Body | null;
  response: Body | null;
}

/** What is waiting to be written. */
interface Waiting extends Omit<ApiCall, 'principal' | 'writes'> {
  organizationId: string;
  userId: string;
  apiKeyId: string | null;
  id: string;
  at: Date;
}

/** The longest time that a call waits to be written. */
const everyMs = 2_000;
/** How many calls, and how many sums, one transaction writes. */
const batch = 500;
/** How many calls one statement writes: few sizes, so that the statements stay prepared. From the largest to the smallest. */
const sizes = [64, 8, 1];
/** How many calls wait at most, and how many sums. Beyond that, calls are dropped and their number is logged. */
const mostWaiting = 5_000;
/** How many calls that read wait at most in one organization. Thousands of reads a second would otherwise cause as many rows. */
const mostReads = 1_000;
const mostSums = 20_000;
const noBodies = { request: null, response: null };
/** How many bytes of a body are kept. */
const mostBytes = 4_096;

function textOf(body: Body | null): string | null {
  if (body === null || body.value === undefined) return null;
  const value = body.schema === null ? body.value : withoutSecrets(body.schema, body.value);
  return cutToBytes(JSON.stringify(value) ?? 'null', mostBytes);
}

export interface ApiLogParts {
  clock: Clock;
  context: () => ServiceContext;
  logger: Logger;
}

/**
 * Logs the calls of operations: each one for the API audit, as far as the organization wants it (E4), and their sums for the usage (E3).
 * A request only adds to memory. Calls are written in batches within two seconds, so a killed process loses the last few seconds.
 */
export class ApiLog {
  readonly #parts: ApiLogParts;
  #calls: Waiting[] = [];
  readonly #sums = new UsageSums(mostSums);
  #dropped = 0;
  #count = 0;
  /** How many of the waiting calls read, by organization. */
  #reads = new Map<string, number>();
  /** How many of the waiting calls write. */
  #writes = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(parts: ApiLogParts) {
    this.#parts = parts;
  }

  /** Adds a call. A call outside of any organization is not logged. */
  add(call: ApiCall): void {
    const { principal, writes, route, path, status, durationMs, address } = call;
    const { organizationId, userId, apiKeyId = null, apiAudit = usualApiAudit } = principal;
    if (organizationId === null) return;
    const at = this.#parts.clock.now();
    if (!this.#sums.add(organizationId, route, at, status, durationMs)) this.#dropped++;
    const kept = writes ? apiAudit.writes : apiAudit.reads;
    if (kept === 'off' || (apiAudit.sample < 1 && Math.random() >= apiAudit.sample)) return;
    const reads = writes ? 0 : (this.#reads.get(organizationId) ?? 0) + 1;
    if (this.#calls.length >= mostWaiting || reads > mostReads) {
      this.#dropped++;
      return;
    }
    if (writes) this.#writes++;
    else this.#reads.set(organizationId, reads);
    const { request, response } = kept === 'full' ? call : noBodies;
    const id = uuidv7At(at, this.#count++);
    this.#calls.push({
      organizationId,
      userId,
      apiKeyId,
      id,
      at,
      route,
      path,
      status,
      durationMs,
      address,
      request,
      response,
    });
    // Reads wait for the timer, however many they are.
    if (this.#timer && writes && this.#writes === batch) setImmediate(() => void this.#tryToWrite());
  }

  /** Begins to write every two seconds. */
  start(): void {
    this.#timer ??= setInterval(() => void this.#tryToWrite(), everyMs).unref();
  }

  /** Stops that, and writes what is waiting. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#tryToWrite();
  }

  #tryToWrite(): Promise<void> {
    return this.write().catch((error: unknown) =>
      this.#parts.logger.warn({ err: error }, 'Calls of the API could not be logged. They are kept for the next time.'),
    );
  }

  /** Writes what is waiting. When it fails, that is kept for the next time. */
  async write(): Promise<void> {
    await this.#writing?.catch(() => {});
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    if (this.#dropped > 0)
      this.#parts.logger.warn(
        { calls: this.#dropped },
        'Calls of the API were not logged, because too many were waiting.',
      );
    this.#dropped = 0;
    this.#reads.clear();
    this.#writes = 0;
    // Calls that come meanwhile wait for the next time.
    const batches = Math.ceil(Math.max(this.#calls.length, this.#sums.size) / batch);
    for (let left = batches; left > 0; left--) await this.#writeSome();
  }

  async #writeSome(): Promise<void> {
    const calls = this.#calls.splice(0, batch);
    const sums = this.#sums.take(batch);
    // Two processes that add to the same rows lock them in the same order.
    sums.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const rows = calls.map(({ route: { method, endpoint }, request, response, ...call }) => ({
      ...call,
      method,
      endpoint,
      request: textOf(request),
      response: textOf(response),
    }));
    try {
      await writeThroughIdentityDoor(this.#parts.context(), async (unit) => {
        const written = inSizes(rows).map((some) => unit.insert(ApiRequestEntity, ...some));
        await Promise.all([...written, ...sums.map((sum) => unit.db.run(addSum, sum))]);
      });
    } catch (error) {
      this.#calls.unshift(...calls);
      this.#sums.putBack(sums);
      throw error;
    }
  }
}

const keyOf = ({ organizationId, day, bucket, method, endpoint }: Usage): string =>
  `${organizationId} ${day} ${bucket} ${method} ${endpoint}`;

/** Divides rows into lists of some sizes. */
function inSizes<Row>(rows: readonly Row[]): Row[][] {
  const lists: Row[][] = [];
  let from = 0;
  for (const size of sizes) for (; from + size <= rows.length; from += size) lists.push(rows.slice(from, from + size));
  return lists;
}

const addSum = statement((db, sum: Usage) =>
  db
    .insertInto('api_usage')
    .values({
      organization_id: sum.organizationId,
      day: sum.day,
      method: sum.method,
      endpoint: sum.endpoint,
      bucket: sum.bucket,
      requests: sum.requests,
      errors: sum.errors,
      total_ms: sum.totalMs,
    })
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'day', 'method', 'endpoint', 'bucket']).doUpdateSet({
        requests: sql<number>`api_usage.requests + excluded.requests`,
        errors: sql<number>`api_usage.errors + excluded.errors`,
        total_ms: sql<number>`api_usage.total_ms + excluded.total_ms`,
      }),
    ),
);
