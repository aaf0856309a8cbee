import { Cron } from 'croner';
import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { JobPayload } from './handler.ts';

/** A job that repeats. */
export interface Schedule {
  /** Unique among schedules. It must never change, because it identifies the occurrences. */
  name: string;
  /** Five fields, in UTC: `30 3 * * *` is every night at 03:30. */
  cron: string;
  kind: string;
  /** @default {} */
  payload?: JobPayload;
}

/** Lower than the priority of jobs that somebody waits for. */
const priority = -10;

interface Planned {
  schedule: Schedule;
  cron: Cron;
  /** The occurrence in the job table; null before the first look. */
  next: Date | null;
}

/**
 * Keeps the next occurrence of every schedule in the job table. It survives restarts there, so a missed occurrence runs once later. Any
 * number of servers may plan it, and its unique key makes sure that only one job is created.
 */
export class SchedulePlanner {
  readonly #planned: readonly Planned[];

  /** @throws when a cron pattern is not valid, or when two schedules have the same name */
  constructor(schedules: readonly Schedule[]) {
    const names = new Set(schedules.map((schedule) => schedule.name));
    if (names.size < schedules.length) throw new Error('Two schedules have the same name.');
    this.#planned = schedules.map((schedule) => ({
      schedule,
      // UTC as an offset, because a time zone by name loads the formats of dates with each start.
      cron: new Cron(schedule.cron, { utcOffset: 0, paused: true, mode: '5-part' }),
      next: null,
    }));
  }

  /** Plans the schedules without a future occurrence. If there are none, it writes nothing. */
  async plan(ctx: ServiceContext): Promise<void> {
    const now = ctx.clock.now();
    const open = this.#planned.flatMap((entry) => {
      if (entry.next !== null && entry.next > now) return [];
      const at = entry.cron.nextRun(now);
      return at === null ? [] : [{ entry, at }];
    });
    if (open.length === 0) return;
    await writeThroughSystemDoor(ctx, async (unit) => {
      for (const { entry, at } of open) await insertOccurrence(unit, entry.schedule, at);
    });
    for (const { entry, at } of open) entry.next = at;
  }
}

async function insertOccurrence(unit: Unit, schedule: Schedule, at: Date): Promise<void> {
  await unit.db
    .insertInto('jobs')
    .values({
      id: uuidv7(),
      organization_id: null,
      user_id: null,
      api_key_id: null,
      kind: schedule.kind,
      payload: sql<JobPayload>`${JSON.stringify(schedule.payload ?? {})}`,
      priority,
      run_at: sql<string>`${at}`,
      attempts: 0,
      max_attempts: 5,
      leased_until: null,
      finished_at: null,
      status: 'waiting',
      done: 0,
      progress: null,
      result: null,
      error: null,
      unique_key: `${schedule.name}@${at.toISOString()}`,
      created_at: sql<string>`${unit.now}`,
    })
    .onConflict((conflict) => conflict.column('unique_key').doNothing())
    .execute();
}
