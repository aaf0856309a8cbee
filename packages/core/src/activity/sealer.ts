import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { statement } from '../database/statement.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { Alarm, wait } from '../kernel/alarm.ts';
import { DomainError } from '../kernel/errors.ts';
import { firstIdAt, lastIdAt } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import { mostSealed, sealEvents } from './seal.ts';
import { type CommittedEvent, onCommitted } from './seal.signals.ts';

/** How many events a transaction is asked to seal. It seals those about the same entities too. */
const batch = 500;
/** How long a sealer rests after a transaction: longer after a large one, so that the next one is large too. Milliseconds. */
const shortestRestMs = 10;
const longestRestMs = 50;
/** How many events wait in memory. The walk finds the others. */
const mostWaiting = 20_000;

/**
 * How old an id may be when it is committed: the longest transaction takes about 30 seconds, and the clocks of two servers may differ by as
 * much.
 */
const latestCommitMs = 60_000;
/** How long the walk leaves an event to the process that committed it. */
const freshMs = 2_000;
/** How many events one query of a walk reads, and how long the walk rests between two queries. */
const slice = 1_000;
const sliceRestMs = 20;
/** The next walk begins after this many times the work of the last one, but not sooner or later than these. */
const walkShare = 200;
const soonestWalkMs = 2_000;
const latestWalkMs = 60_000;
/** How far the walk gets before it is written down. A new process begins there. */
const walkKeptMs = 300_000;

/** How long a failed organization waits: twice as long each time. */
const firstRetryMs = 100;
const longestRetryMs = 30_000;

const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const walkName = 'seals';

/** When an id was made, in Unix milliseconds. */
const madeAt = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

interface Slice extends Readonly<Record<string, unknown>> {
  after: string;
  until: string;
}

/** The next events, in the order of their ids. The organization is null for the instance's own stream and for what is erased. */
const nextSlice = statement((db, { after, until }: Slice) =>
  db
    .selectFrom(
      db
        .selectFrom('events')
        .select(['events.id', 'events.organization_id'])
        .where('events.id', '>', after)
        .where('events.id', '<=', until)
        .orderBy('events.id')
        .limit(sql.lit(slice))
        .as('some'),
    )
    .leftJoin('organizations', 'organizations.id', 'some.organization_id')
    .select(['some.id', 'organizations.id as organizationId'])
    // By a join, PostgreSQL would read all seals.
    .select((select) =>
      select
        .selectFrom('event_seals')
        .select('event_seals.sequence')
        .whereRef('event_seals.event_id', '=', 'some.id')
        .as('sequence'),
    )
    .orderBy('some.id'),
);

const knownWalk = statement((db) =>
  db.selectFrom('event_walks').select('event_walks.walked_to as walkedTo').where('event_walks.name', '=', walkName),
);

/** Another process may have got further. */
const keepWalk = statement((db, { walkedTo }: { walkedTo: Date }) =>
  db
    .insertInto('event_walks')
    .values({ name: walkName, walked_to: sql<string>`${walkedTo}` })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ walked_to: sql<string>`excluded.walked_to` })
        .where(sql<boolean>`excluded.walked_to > event_walks.walked_to`),
    ),
);

/** What waits after a failure. */
interface Held {
  events: CommittedEvent[];
  failures: number;
  retryAt: number;
}

export interface SealerParts {
  logger: Logger;
  context: () => ServiceContext;
}

/** How far sealing is behind. */
export interface SealingLag {
  /** How many events wait that this process knows. */
  waiting: number;
  /** The age of the oldest of them. 0 when none waits. */
  oldestMs: number;
  /** How long the last transaction took. 0 before the first one. */
  lastBatchMs: number;
}

/**
 * Seals events: gives each the next sequence of its organization, and continues the chain of hashes. It seals what this process has
 * committed, soon after the commit. A walk over the log finds what others have left, for example a process that was killed in between.
 */
export class Sealer {
  readonly #parts: SealerParts;
  readonly #alarm = new Alarm();
  readonly #unsubscribe: () => void;
  #waiting: CommittedEvent[] = [];
  /** By organization. */
  readonly #held = new Map<string, Held>();
  #sealing: Promise<unknown> = Promise.resolve();
  #lastBatchMs = 0;
  /** All events whose ids were made before this instant are sealed. In Unix milliseconds; null before it was read. */
  #walkedTo: number | null = null;
  #walkKept = 0;
  #loops: Promise<unknown> | undefined;
  #stopping = new AbortController();

  constructor(parts: SealerParts) {
    this.#parts = parts;
    this.#unsubscribe = onCommitted(parts.context().database, (events) => {
      if (this.#waiting.length + events.length > mostWaiting) return;
      this.#waiting.push(...events);
      this.#alarm.ring();
    });
  }

  /** Begins to seal by itself. */
  start(): void {
    this.#loops ??= Promise.all([this.#run(), this.#walkAgain()]);
  }

  /** Stops that, and seals what waits, for at most some seconds. The next start finds the rest. */
  async stop(graceMs = 5_000): Promise<void> {
    this.#unsubscribe();
    if (!this.#loops) return;
    this.#stopping.abort();
    this.#alarm.ring();
    await Promise.race([this.#loops.then(() => this.sealCommitted()), wait(graceMs)]);
  }

  /** Seals what this process has committed. Answers how many events that were. For tests and command lines, as `sealAll`. */
  async sealCommitted(): Promise<number> {
    const { length } = this.#waiting;
    while (this.#waiting.length > 0) await this.#seal(this.#waiting.splice(0, batch));
    return length;
  }

  /** Seals everything that is committed, whoever did it. Answers whether there was anything. */
  async sealAll(): Promise<boolean> {
    const known = await this.sealCommitted();
    const { found } = await this.#walk(lastId, 0);
    return known + found > 0;
  }

  lag(): SealingLag {
    const waiting = [...this.#waiting, ...[...this.#held.values()].flatMap(({ events }) => events)];
    const oldest = waiting.reduce((least, { id }) => Math.min(least, madeAt(id)), Infinity);
    const oldestMs = waiting.length === 0 ? 0 : Math.max(0, Date.now() - oldest);
    return { waiting: waiting.length, oldestMs, lastBatchMs: this.#lastBatchMs };
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#releaseHeld();
      if (this.#waiting.length === 0) {
        await this.#alarm.wait(this.#held.size > 0 ? firstRetryMs : latestWalkMs);
        continue;
      }
      const some = this.#waiting.splice(0, batch);
      await this.#seal(some);
      await wait(Math.min(longestRestMs, Math.max(shortestRestMs, some.length)), signal);
    }
  }

  /** What failed comes first again when its time has come, because it is older. */
  #releaseHeld(): void {
    for (const held of this.#held.values()) {
      if (held.events.length === 0 || held.retryAt > Date.now()) continue;
      this.#waiting.unshift(...held.events.splice(0));
    }
  }

  /** Seals some events, after those before them. Answers those that could not be sealed. */
  #seal(events: readonly CommittedEvent[]): Promise<readonly CommittedEvent[]> {
    const sealing = this.#sealing.then(() => this.#sealOrHold(events));
    this.#sealing = sealing;
    return sealing;
  }

  async #sealOrHold(events: readonly CommittedEvent[]): Promise<readonly CommittedEvent[]> {
    const organizations = Map.groupBy(events, ({ organizationId }) => organizationId);
    try {
      await this.#attempt(events);
      for (const id of organizations.keys()) this.#held.delete(id);
      return [];
    } catch (error) {
      const isDown = error instanceof DomainError && error.kind === 'unavailable';
      if (organizations.size > 1 && !isDown) {
        // Only those wait whose own events cannot be sealed.
        const failed: CommittedEvent[] = [];
        for (const some of organizations.values()) failed.push(...(await this.#sealOrHold(some)));
        return failed;
      }
      for (const [id, some] of organizations) this.#hold(id, some, error);
      return events;
    }
  }

  #hold(organizationId: string, events: readonly CommittedEvent[], error: unknown): void {
    const held = this.#held.get(organizationId) ?? { events: [], failures: 0, retryAt: 0 };
    const known = new Set(held.events.map(({ id }) => id));
    held.events.push(...events.filter(({ id }) => !known.has(id)));
    held.retryAt = Date.now() + Math.min(longestRetryMs, firstRetryMs * 2 ** held.failures++);
    this.#held.set(organizationId, held);
    if (held.failures === 1)
      this.#parts.logger.error({ err: error, organization: organizationId }, 'events could not be sealed');
  }

  async #attempt(events: readonly CommittedEvent[]): Promise<void> {
    const ids = events.map(({ id }) => id);
    const began = performance.now();
    const walkedTo = firstIdAt(new Date(await this.#readWalkedTo()));
    for (let sealed: number | null = null; sealed === null || sealed === mostSealed;) {
      sealed = await sealEvents(this.#parts.context(), ids, walkedTo);
      if (sealed === null) await wait(1 + 4 * Math.random());
    }
    this.#lastBatchMs = performance.now() - began;
  }

  async #readWalkedTo(): Promise<number> {
    if (this.#walkedTo !== null) return this.#walkedTo;
    const [known] = await readThroughSystemDoor(this.#parts.context().database, (db) => db.run(knownWalk, {}));
    this.#walkKept = known ? Date.parse(known.walkedTo) : 0;
    return (this.#walkedTo ??= this.#walkKept);
  }

  /**
   * Seals what was left unsealed. When nothing is left, the next walk begins a minute before this one.
   * @param until the last id that it looks at
   * @returns how many unsealed events it found, and how long it worked
   */
  async #walk(until: string, restMs: number): Promise<{ found: number; workMs: number }> {
    const { signal } = this.#stopping;
    const { database } = this.#parts.context();
    const reached = Date.now() - latestCommitMs;
    const from = await this.#readWalkedTo();
    let [found, failed, workMs] = [0, 0, 0];
    for (let after = firstIdAt(new Date(from)); ;) {
      if (signal.aborted) return { found, workMs };
      const began = performance.now();
      const rows = await readThroughSystemDoor(database, (db) => db.run(nextSlice, { after, until }));
      const open = rows.flatMap(({ id, organizationId, sequence }) =>
        organizationId === null || sequence !== null ? [] : [{ id, organizationId }],
      );
      for (let first = 0; first < open.length; first += batch)
        failed += (await this.#seal(open.slice(first, first + batch))).length;
      found += open.length;
      workMs += performance.now() - began;
      after = rows.at(-1)?.id ?? after;
      if (rows.length < slice) break;
      await wait(restMs, signal);
    }
    if (failed === 0 && reached > from) await this.#reach(reached);
    return { found, workMs };
  }

  async #reach(walkedTo: number): Promise<void> {
    this.#walkedTo = walkedTo;
    if (walkedTo - this.#walkKept < walkKeptMs) return;
    this.#walkKept = walkedTo;
    await writeThroughSystemDoor(this.#parts.context(), ({ db }) => db.run(keepWalk, { walkedTo: new Date(walkedTo) }));
  }

  async #walkAgain(): Promise<void> {
    const { signal } = this.#stopping;
    let failing = false;
    while (!signal.aborted) {
      let workMs = 0;
      try {
        ({ workMs } = await this.#walk(lastIdAt(new Date(Date.now() - freshMs)), sliceRestMs));
        failing = false;
      } catch (error) {
        if (!failing) this.#parts.logger.error({ err: error }, 'unsealed events could not be looked for');
        failing = true;
      }
      await wait(Math.min(latestWalkMs, Math.max(soonestWalkMs, walkShare * workMs)), signal);
    }
  }
}
