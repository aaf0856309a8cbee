import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceContext } from '../database/context.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { mutate, type Unit } from '../database/unit-of-work.ts';
import { defineEvents, event, recordEvents } from '../activity/index.ts';
import { errors } from '../kernel/errors.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { silentLogger } from '../kernel/logger.ts';
import { createOrganization, createTestPlatform, dialects, TestClock, type TestPlatform } from '../testing/index.ts';
import { cancelJob, enqueue, type JobOptions, startJob } from './enqueue.ts';
import { type JobHandlers, LeaseLost } from './handler.ts';
import { getJob } from './job.queries.ts';
import { maintenanceHandlers } from './maintenance.ts';
import { advanceJob, anyDue, claimJobs, completeJob, failJob, queueDepth } from './queue.ts';
import { JobRunner, type JobRunnerOptions } from './runner.ts';
import { type Schedule, SchedulePlanner } from './schedules.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const leaseMs = 30_000;

const testEvents = defineEvents('test', { happened: event({ summary: () => 'A test happened' }) });

describe.each(dialects)('jobs on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;
  let ctx: ServiceContext;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    ctx = platform.context({ principal: null });
  });
  afterAll(() => platform.dispose());
  beforeEach(() => writeThroughSystemDoor(ctx, (unit) => unit.db.deleteFrom('jobs').execute()));

  const add = (kind: string, payload = {}, options: JobOptions = {}) =>
    writeThroughSystemDoor(ctx, (unit) => enqueue(unit, kind, payload, options));
  const jobs = () =>
    readThroughSystemDoor(ctx.database, (db) => db.selectFrom('jobs').selectAll().orderBy('id').execute());
  const job = async () => {
    const [only, ...others] = await jobs();
    if (!only || others.length > 0) throw new Error(`${others.length} jobs more than one.`);
    return only;
  };
  const claim = async (kinds = ['test'], limit = 10) => claimJobs(ctx, kinds, limit, leaseMs);
  const claimOne = async () => {
    const [claimed] = await claim();
    if (!claimed) throw new Error('Nothing was due.');
    return claimed;
  };
  const runnerOf = (handlers: JobHandlers, options: Partial<JobRunnerOptions> = {}) =>
    new JobRunner({
      context: (requestId) => platform.context({ principal: null, requestId }),
      handlers,
      logger: silentLogger,
      ...options,
    });

  describe('claiming', () => {
    it('takes the highest priority first, then the oldest, and none before its time', async () => {
      const low = await add('test', {}, { priority: -1 });
      const late = await add('test', {}, { runAt: new Date(clock.now().getTime() - 1) });
      const early = await add('test', {}, { runAt: new Date(clock.now().getTime() - 2) });
      const urgent = await add('test', {}, { priority: 5 });
      await add('test', {}, { runAt: new Date(clock.now().getTime() + 1), priority: 9 });

      expect((await claim(['test'], 2)).map((claimed) => claimed.id)).toEqual([urgent, early]);
      expect((await claim()).map((claimed) => claimed.id)).toEqual([late, low]);
    });

    it('leaves kinds without a handler, and jobs that others have claimed', async () => {
      await add('test');
      await add('other');

      expect(await claim()).toHaveLength(1);
      expect(await claim()).toHaveLength(0);
    });

    it('gives each job to one of many workers', async () => {
      for (let index = 0; index < 20; index++) await add('test');

      const claims = await Promise.all(Array.from({ length: 8 }, () => claim(['test'], 5)));

      const ids = claims.flat().map((claimed) => claimed.id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length + (await claim(['test'], 20)).length).toBe(20);
    });

    it('takes over the job of a dead worker when its lease has ended', async () => {
      const id = await add('test');
      await claimOne();
      clock.advance(leaseMs - 1);
      expect(await claim()).toEqual([]);
      clock.advance(1);

      expect(await claimOne()).toMatchObject({ id, attempt: 2 });
    });
  });

  describe('fencing', () => {
    it('rolls back the effects of a worker that comes too late', async () => {
      await add('test');
      const slow = await claimOne();
      clock.advance(leaseMs);
      const second = await claimOne();

      const happened = testEvents.happened.about(uuidv7(), { data: {} });
      const late = completeJob(ctx, slow, (unit) => recordEvents(unit, happened));
      await expect(late).rejects.toBeInstanceOf(LeaseLost);
      await completeJob(ctx, second, (unit) => recordEvents(unit, happened));

      const written = await readThroughSystemDoor(ctx.database, (db) =>
        db.selectFrom('events').select('id').where('entity_id', '=', happened.entity.id).execute(),
      );
      expect(written).toHaveLength(1);
      expect(await job()).toMatchObject({ status: 'done', attempts: 2 });
    });

    it('completes a job once, also for its own worker', async () => {
      await add('test');
      const claimed = await claimOne();
      await completeJob(ctx, claimed, async () => 'first');

      await expect(completeJob(ctx, claimed, async () => 'second')).rejects.toBeInstanceOf(LeaseLost);

      expect(await job()).toMatchObject({ status: 'done', result: 'first' });
    });

    it('rolls back the step of a worker that comes too late, or of a cancelled job', async () => {
      const organization = await createOrganization(platform, 'Steps');
      const entity = { type: 'test', id: uuidv7() };
      const lose = [
        async () => {
          clock.advance(leaseMs);
          await claimOne();
        },
        () => mutate(organization.owner.ctx(), (unit) => cancelJob(unit, 'cancelled')),
      ];
      for (const losing of lose) {
        await writeThroughSystemDoor(ctx, (unit) => unit.db.deleteFrom('jobs').execute());
        await mutate(organization.owner.ctx(), (unit) => enqueue(unit, 'test', {}, { uniqueKey: 'cancelled' }));
        const slow = await claimOne();
        await losing();
        const step = async (unit: Unit) => {
          await recordEvents(unit, testEvents.happened.about(entity.id, { data: {} }));
          return 1;
        };
        const late = advanceJob(ctx, slow, step, { done: 0, left: null }, null);
        await expect(late).rejects.toBeInstanceOf(LeaseLost);
      }
      const written = await readThroughSystemDoor(ctx.database, (db) =>
        db.selectFrom('events').select('id').where('entity_id', '=', entity.id).execute(),
      );
      expect(written).toEqual([]);
    });

    it('ignores the failure of a worker that comes too late', async () => {
      await add('test');
      const slow = await claimOne();
      clock.advance(leaseMs);
      await claimOne();
      const before = await job();

      await failJob(ctx, slow, new Error('too late'));

      expect(await job()).toEqual(before);
    });
  });

  describe('asking whether a job is due', () => {
    it('answers for these kinds, and for those that nobody has claimed', async () => {
      expect(await anyDue(ctx, ['test'])).toBe(false);
      await add('test', {}, { runAt: new Date(clock.now().getTime() + 1) });
      await add('other');
      expect(await anyDue(ctx, ['test'])).toBe(false);
      clock.advance(1);
      expect(await anyDue(ctx, ['test'])).toBe(true);
      await claimOne();
      expect(await anyDue(ctx, ['test'])).toBe(false);
    });
  });

  describe('running', () => {
    it('stores what the handler returns', async () => {
      await add('test', { name: 'Ada' });
      const runner = runnerOf({
        test: async (_ctx, payload, run) => ({ hello: payload['name'], attempt: run.attempt }),
      });

      expect(await runner.runDue()).toBe(1);

      expect(await job()).toMatchObject({ status: 'done', result: { hello: 'Ada', attempt: 1 }, error: null });
      expect((await job()).finished_at).toBe(clock.now().toISOString());
    });

    it('retries with growing delays, and gives up after the last attempt', async () => {
      await add('test', {}, { maxAttempts: 3 });
      let calls = 0;
      const runner = runnerOf({
        test: async () => {
          calls++;
          throw new Error(`no luck with password=hunter2`);
        },
      });
      const waits: number[] = [];
      for (let attempt = 1; attempt < 3; attempt++) {
        await runner.runDue();
        const { run_at, status } = await job();
        expect(status).toBe('waiting');
        waits.push(Date.parse(run_at) - clock.now().getTime());
        expect(await runner.runDue()).toBe(0);
        clock.set(run_at);
      }
      await runner.runDue();

      expect(calls).toBe(3);
      expect(waits[0]).toBeGreaterThanOrEqual(2500);
      expect(waits[0]).toBeLessThanOrEqual(5000);
      expect(waits[1]).toBeGreaterThanOrEqual(5000);
      expect(waits[1]).toBeLessThanOrEqual(10_000);
      const { status, error } = await job();
      expect({ status, error }).toEqual({ status: 'dead', error: 'Error: no luck with password=[redacted]' });
      clock.advance(day);
      expect(await runner.runDue()).toBe(0);
    });

    it('is dead at once when it was refused, and says so to its starter', async () => {
      const { owner } = await createOrganization(platform, 'Refused');
      const run = async (error: Error, attempts: number) => {
        const { id } = await mutate(owner.ctx(), (unit) => startJob(unit, 'test', {}, { maxAttempts: 2 }));
        const runner = runnerOf({
          test: async () => {
            throw error;
          },
        });
        for (let attempt = 0; attempt < attempts; attempt++) {
          await runner.runDue();
          clock.advance(minute);
        }
        return getJob(owner.ctx(), { id });
      };
      const refused = errors.permission_denied();
      const { code, message } = refused;
      expect(await run(refused, 1)).toMatchObject({ status: 'failed', error: { code, message } });
      const internal = { code: 'internal', message: errors.internal().message };
      const broken = new Error('relation tasks has no column');
      expect(await run(broken, 1)).toMatchObject({ status: 'waiting', error: null });
      expect(await run(broken, 2)).toMatchObject({ status: 'failed', error: internal });
      expect(await run(errors.database_busy(), 1)).toMatchObject({ status: 'waiting' });
    });

    it('shows its starter how far it is', async () => {
      const { owner } = await createOrganization(platform, 'Progress');
      const { id } = await mutate(owner.ctx(), (unit) => startJob(unit, 'test', {}));
      const seen: unknown[] = [];
      const look = async () => {
        const { status, progress, result } = await getJob(owner.ctx(), { id });
        seen.push([status, progress, result]);
      };
      const rows = [3, 0, 4, null];
      const runner = runnerOf({
        test: async (_ctx, _payload, run) => {
          await look();
          const principal = async () => {
            await look();
            return owner.principal;
          };
          const done = await run.steps(async () => rows.shift() ?? null, { left: async () => 7, principal });
          return { done };
        },
      });
      await look();
      await runner.runDue();
      await look();
      const running = (progress: number | null) => ['running', progress, null];
      expect(seen).toEqual([
        ['waiting', null, null],
        ...[null, null, 42, 42, 99].map(running),
        ['done', 100, { done: 7 }],
      ]);
    });

    it('marks a job dead that kills its worker every time', async () => {
      await add('test', {}, { maxAttempts: 2 });
      let calls = 0;
      for (let attempt = 1; attempt <= 2; attempt++) {
        await claimOne();
        clock.advance(leaseMs);
      }
      await runnerOf({ test: async () => calls++ }).runDue();

      expect(calls).toBe(0);
      expect(await job()).toMatchObject({ status: 'dead' });
    });

    it('commits the effects once together with `done`, even if workers die in between', async () => {
      const organization = await createOrganization(platform, 'Effects');
      const entity = { type: 'test', id: uuidv7() };
      await mutate(organization.owner.ctx(), (unit) => enqueue(unit, 'test', {}));
      // The worker dies between claim and done.
      await claimOne();
      clock.advance(leaseMs);
      let attempts = 0;
      const runner = runnerOf({
        test: (_ctx, _payload, run) =>
          run.complete(async (unit) => {
            await recordEvents(unit, testEvents.happened.about(entity.id, { data: {} }));
            if (++attempts === 1) throw new Error('after the effect');
            return { by: run.organizationId };
          }),
      });
      await runner.runDue();
      clock.advance(minute);
      await runner.runDue();

      expect(await job()).toMatchObject({ status: 'done', attempts: 3, result: { by: organization.id } });
      const written = await readThroughSystemDoor(ctx.database, (db) =>
        db.selectFrom('events').select('organization_id').where('entity_id', '=', entity.id).execute(),
      );
      expect(written).toEqual([{ organization_id: organization.id }]);
    });

    it("keeps an organization's job within its walls", async () => {
      const [own, other] = [await createOrganization(platform, 'Own'), await createOrganization(platform, 'Other')];
      await mutate(own.owner.ctx(), (unit) => enqueue(unit, 'test', {}));
      await runnerOf({
        test: (_ctx, _payload, run) =>
          run.complete(async (unit) => {
            const rows = await unit.db.selectFrom('roles').select('organization_id').distinct().execute();
            return rows.map((row) => row.organization_id);
          }),
      }).runDue();

      expect((await job()).result).toEqual([own.id]);
      expect(other.id).not.toBe(own.id);
    });

    it('drops a job whose transaction rolled back', async () => {
      const failing = writeThroughSystemDoor(ctx, async (unit) => {
        await enqueue(unit, 'test', {});
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');

      expect(await jobs()).toEqual([]);
    });
  });

  describe('the loop', () => {
    it('wakes up on a commit of this process, without waiting for the poll', async () => {
      let ran: (() => void) | undefined;
      const running = new Promise<void>((resolve) => {
        ran = resolve;
      });
      const runner = runnerOf({ test: async () => ran?.() }, { pollMs: 600_000 });
      runner.start();
      try {
        await add('test');
        await running;
      } finally {
        await runner.stop();
      }
      expect(await job()).toMatchObject({ status: 'done' });
    });

    it('finishes running jobs before it stops, and takes no more', async () => {
      await add('test');
      let release: (() => void) | undefined;
      let started: (() => void) | undefined;
      const begun = new Promise<void>((resolve) => {
        started = resolve;
      });
      const runner = runnerOf({
        test: () => {
          started?.();
          return new Promise<void>((resolve) => {
            release = resolve;
          });
        },
      });
      runner.start();
      await begun;
      const stopped = runner.stop();
      const second = await add('test');
      release?.();
      await stopped;

      expect((await jobs()).map(({ id, status }) => ({ status, second: id === second }))).toEqual([
        { status: 'done', second: false },
        { status: 'waiting', second: true },
      ]);
    });

    it('aborts the signal of a job that does not end', async () => {
      await add('test');
      let signal: AbortSignal | undefined;
      let started: (() => void) | undefined;
      const begun = new Promise<void>((resolve) => {
        started = resolve;
      });
      const runner = runnerOf({
        test: (_ctx, _payload, run) => {
          signal = run.signal;
          started?.();
          return new Promise((_resolve, reject) => {
            run.signal.addEventListener('abort', () => reject(new Error('stopped')));
          });
        },
      });
      runner.start();
      await begun;
      await runner.stop(1);

      expect(signal?.aborted).toBe(true);
    });

    it('extends the lease of a long job', async () => {
      await add('test');
      let release: (() => void) | undefined;
      const runner = runnerOf(
        {
          test: () =>
            new Promise<void>((resolve) => {
              release = resolve;
            }),
        },
        { leaseMs: 90 },
      );
      runner.start();
      await expect.poll(() => release).toBeDefined();
      const { leased_until: first } = await job();
      clock.advance(60);
      await expect.poll(async () => (await job()).leased_until).not.toBe(first);
      release?.();
      await runner.stop();

      expect(await job()).toMatchObject({ status: 'done', attempts: 1 });
    });

    it('survives database failures, and logs them once', async () => {
      const said: string[] = [];
      const note = (_facts: object, message: string) => void said.push(message);
      let broken = true;
      const runner = runnerOf(
        { test: async () => {} },
        {
          pollMs: 1,
          logger: { info: note, warn: note, error: note },
          context: (requestId) => {
            const made = platform.context({ principal: null, requestId });
            const database = {
              ...made.database,
              read: ((...args) =>
                broken ? Promise.reject(new Error('away')) : made.database.read(...args)) as typeof made.database.read,
            };
            return { ...made, database };
          },
        },
      );
      await add('test');
      runner.start();
      await expect.poll(() => said).toEqual(['job runner cannot reach its jobs']);
      broken = false;
      await expect.poll(async () => (await job()).status).toBe('done');
      await runner.stop();

      expect(said).toEqual(['job runner cannot reach its jobs', 'job runner works again', 'job done']);
    });
  });

  describe('schedules', () => {
    const nightly: Schedule = { name: 'nightly', cron: '30 3 * * *', kind: 'test', payload: { full: true } };

    it('plans each occurrence once for any number of servers', async () => {
      clock.set('2026-03-02T12:00:00.000Z');
      const servers = [1, 2, 3].map(() => new SchedulePlanner([nightly]));
      const planAll = () => Promise.all(servers.map((server) => server.plan(ctx)));
      await planAll();
      await planAll();

      expect(await jobs()).toMatchObject([
        { kind: 'test', payload: { full: true }, run_at: '2026-03-03T03:30:00.000Z', status: 'waiting' },
      ]);
      clock.set('2026-03-03T03:30:00.000Z');
      await planAll();
      expect((await jobs()).map((planned) => planned.run_at).sort()).toEqual([
        '2026-03-03T03:30:00.000Z',
        '2026-03-04T03:30:00.000Z',
      ]);
    });

    it('does not plan a finished occurrence again', async () => {
      clock.set('2026-03-02T12:00:00.000Z');
      await new SchedulePlanner([nightly]).plan(ctx);
      clock.set('2026-03-03T03:30:00.000Z');
      const runner = runnerOf({ test: async () => {} });
      expect(await runner.runDue()).toBe(1);
      clock.set('2026-03-02T12:00:00.000Z');
      await new SchedulePlanner([nightly]).plan(ctx);

      expect(await jobs()).toMatchObject([{ status: 'done' }]);
    });

    it('runs once what was missed while no server ran', async () => {
      clock.set('2026-03-02T12:00:00.000Z');
      await new SchedulePlanner([nightly]).plan(ctx);
      clock.set('2026-03-09T12:00:00.000Z');
      let calls = 0;
      const runner = runnerOf({ test: async () => calls++ }, { schedules: [nightly] });
      runner.start();
      await expect.poll(() => calls).toBe(1);
      await runner.stop();

      expect((await jobs()).map((planned) => [planned.status, planned.run_at])).toEqual([
        ['done', '2026-03-03T03:30:00.000Z'],
        ['waiting', '2026-03-10T03:30:00.000Z'],
      ]);
    });

    it('refuses two schedules with one name, and invalid patterns', () => {
      expect(() => new SchedulePlanner([nightly, nightly])).toThrow('same name');
      expect(() => new SchedulePlanner([{ ...nightly, cron: 'every night' }])).toThrow('CronPattern');
    });
  });

  describe('maintenance', () => {
    it('deletes idempotency keys after 24 hours', async () => {
      const { owner } = await createOrganization(platform, 'Keys');
      const keep = (idempotencyKey: string) => mutate(owner.ctx({ idempotencyKey }), async () => ({ ok: true }));
      await keep('old');
      clock.advance(day - 1);
      await keep('young');
      clock.advance(2);
      await add('idempotency_keys.purge');
      await runnerOf(maintenanceHandlers).runDue();

      expect((await job()).result).toEqual({ removed: 1 });
      const left = await readThroughSystemDoor(ctx.database, (db) =>
        db.selectFrom('idempotency_keys').select('key').execute(),
      );
      expect(left).toEqual([{ key: 'young' }]);
    });

    it('deletes finished jobs after seven days, and no waiting job', async () => {
      await add('test');
      const runner = runnerOf({ ...maintenanceHandlers, test: async () => {} });
      await runner.runDue();
      const waiting = await add('test', {}, { runAt: new Date(clock.now().getTime() + 30 * day) });
      clock.advance(7 * day + 1);
      const purge = await add('jobs.purge');
      await runner.runDue();

      expect((await jobs()).map(({ id }) => id)).toEqual([waiting, purge]);
    });
  });

  it('reports the depth of the queue', async () => {
    expect(await queueDepth(ctx)).toEqual({ due: 0, waiting: 0, dead: 0, oldestDueSeconds: 0 });
    await add('test');
    await add('test', {}, { runAt: new Date(clock.now().getTime() + minute) });
    clock.advance(5000);

    expect(await queueDepth(ctx)).toEqual({ due: 1, waiting: 2, dead: 0, oldestDueSeconds: 5 });
    await add('test', {}, { priority: -10, runAt: new Date(clock.now().getTime() - 8000), maxAttempts: 1 });
    await add('test', {}, { priority: 3 });

    expect(await queueDepth(ctx)).toEqual({ due: 3, waiting: 4, dead: 0, oldestDueSeconds: 8 });
    for (const job of await claim()) await failJob(ctx, job, new Error('once'));

    expect(await queueDepth(ctx)).toEqual({ due: 0, waiting: 3, dead: 1, oldestDueSeconds: 0 });
  });
});
