import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser } from '../testing/databases.ts';
import { createOrganization, createTestPlatform, type TestOrganization, type TestPlatform } from '../testing/index.ts';
import { createTask, listTasks, TaskListInput, updateTask } from '../work/index.ts';

/** Every connection of the pool, several times. */
const many = 40;

describe('while many wait for one row of an organization, on postgresql', () => {
  let platform: TestPlatform;
  let holder: pg.Client;
  /** Not in a transaction, because a transaction sees the same activity all the time. */
  let watcher: pg.Client;
  let acme: TestOrganization;
  let other: TestOrganization;

  beforeAll(async () => {
    platform = await createTestPlatform('postgresql');
    const connectionString = asSuperuser(platform.settings.databaseUrl);
    [holder, watcher] = [new pg.Client({ connectionString }), new pg.Client({ connectionString })];
    await Promise.all([holder.connect(), watcher.connect()]);
    [acme, other] = [await createOrganization(platform), await createOrganization(platform)];
    await createTask(other.owner.ctx(), { title: 'Listed' });
  });
  afterAll(async () => {
    await Promise.all([holder.end(), watcher.end()]);
    await platform.dispose();
  });

  const waitingForLocks = async () => {
    const { rowCount } = await watcher.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rowCount;
  };
  const list = async ({ owner }: TestOrganization) =>
    (await listTasks(owner.ctx(), TaskListInput.parse({}))).data.length;

  it.each([10, 20, 40])('%i waiters delay neither the lists of anybody nor the writes of others', async (waiters) => {
    const { id } = await createTask(acme.owner.ctx(), { title: 'Wanted' });
    await holder.query('begin');
    await holder.query('select from tasks where id = $1 for update', [id]);
    let changed = 0;
    const changes = Array.from({ length: waiters }, async (_, at) => {
      await updateTask(acme.owner.ctx(), { id, title: `Change ${at}` });
      changed++;
    });
    for (let tries = 0; tries < 200 && (await waitingForLocks()) !== 5; tries++) await delay(10);

    const lists = await Promise.all(Array.from({ length: many }, (_, at) => list(at % 4 === 0 ? acme : other)));
    expect(lists.every((tasks) => tasks > 0)).toBe(true);
    await createTask(other.owner.ctx(), { title: 'Written' });
    expect([changed, await waitingForLocks()]).toEqual([0, 5]);

    await holder.query('commit');
    await Promise.all(changes);
    expect(changed).toBe(waiters);
  });
});
