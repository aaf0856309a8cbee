import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { enqueue, getJob } from '../../jobs/index.ts';
import { deleteOrganization } from '../../tenancy/index.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { anonymous } from '../../testing/people.ts';
import { createTask, deleteTask, emptyTrash, reassignTasks, restoreTask } from '../index.ts';
import { seedTree, started } from '../../testing/big-tree.ts';
import { watched } from '../../testing/watch.ts';

const day = 86_400_000;
const size = 20_000;

describe.each(dialects)('trees of 20,000 tasks on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-01-12T12:00:00Z'));
  let platform: TestPlatform;
  let acme: TestOrganization;
  let other: TestOrganization;
  let root: string;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    other = await createOrganization(platform);
  });
  afterAll(() => platform.dispose());
  beforeEach(async () => {
    acme = await createOrganization(platform);
    root = await seedTree(platform, acme, { size, assigneeId: acme.owner.userId });
  }, 60_000);

  const ctx = () => acme.owner.ctx();
  const counts = () =>
    readThroughSystemDoor(platform.database, async (db) => {
      const rows = await db
        .selectFrom('tasks')
        .select((eb) => [eb.fn.countAll<number>().as('all'), eb.fn.count<number>('deleted_at').as('trashed')])
        .where('organization_id', '=', acme.id)
        .executeTakeFirstOrThrow();
      const counter = await db
        .selectFrom('counters')
        .select('value')
        .where('organization_id', '=', acme.id)
        .where('name', '=', 'living tasks')
        .executeTakeFirst();
      return { all: Number(rows.all), trashed: Number(rows.trashed), counted: counter?.value };
    });
  const eventsOf = async (type: string) => {
    const rows = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('events')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('organization_id', '=', acme.id)
        .where('type', '=', type)
        .executeTakeFirstOrThrow(),
    );
    return Number(rows.count);
  };

  /** Does the work, while somebody in another organization writes all the time. */
  const meanwhile = async (work: () => Promise<unknown>) => {
    const seen = await watched(() => createTask(other.owner.ctx(), { title: 'Meanwhile' }), work);
    expect(seen.longestWaitMs).toBeLessThan(2000);
    // On an idle machine it is below 50. This one may be busy.
    expect(seen.longestBlockMs).toBeLessThan(1000);
  };

  it('go to the trash, come back, and are purged', async () => {
    const before = await counts();
    let job = started(await deleteTask(ctx(), { id: root, permanent: false }));
    expect(await counts()).toEqual({ ...before, trashed: 1, counted: size });
    await meanwhile(() => platform.runDueJobs());
    expect(await getJob(ctx(), job)).toMatchObject({ status: 'done', progress: 100, result: { deleted: size + 1 } });
    expect(await counts()).toEqual({ all: size + 1, trashed: size + 1, counted: 0 });

    job = started(await restoreTask(ctx(), { id: root }));
    await meanwhile(() => platform.runDueJobs());
    expect(await getJob(ctx(), job)).toMatchObject({ status: 'done', result: { restored: size + 1 } });
    expect(await counts()).toEqual(before);
    expect([await eventsOf('task.deleted'), await eventsOf('task.restored')]).toEqual([size + 1, size + 1]);

    await deleteTask(ctx(), { id: root, permanent: false });
    await platform.runDueJobs();
    clock.advance(30 * day);
    await writeThroughSystemDoor(anonymous(platform), (unit) => enqueue(unit, 'tasks.purge', {}));
    await meanwhile(() => platform.runDueJobs());
    expect(await counts()).toEqual({ all: 0, trashed: 0, counted: 0 });
    expect(await eventsOf('task.purged')).toBe(size + 1);
  }, 180_000);

  it('are handed over, deleted for ever from the trash, and erased with their organization', async () => {
    const to = await acme.addMember('member');
    const handover = { organizationId: acme.id, userId: acme.owner.userId, toUserId: to.userId };
    let job = started(await reassignTasks(ctx(), handover));
    await meanwhile(() => platform.runDueJobs());
    expect(await getJob(ctx(), job)).toMatchObject({ status: 'done', result: { reassigned: size + 1 } });

    await deleteTask(ctx(), { id: root, permanent: false });
    await platform.runDueJobs();
    job = started(await emptyTrash(ctx()));
    await meanwhile(() => platform.runDueJobs());
    expect(await getJob(ctx(), job)).toMatchObject({ status: 'done', result: { deleted: size + 1 } });
    expect(await counts()).toEqual({ all: 0, trashed: 0, counted: 0 });

    await seedTree(platform, acme, { size, assigneeId: to.userId });
    await deleteOrganization(ctx());
    clock.advance(31 * day);
    await writeThroughSystemDoor(anonymous(platform), (unit) => enqueue(unit, 'organizations.purge', {}));
    await meanwhile(() => platform.runDueJobs());
    expect((await counts()).all).toBe(0);
  }, 180_000);

  it('are deleted for ever', async () => {
    const job = started(await deleteTask(ctx(), { id: root, permanent: true }));
    await meanwhile(() => platform.runDueJobs());
    expect(await getJob(ctx(), job)).toMatchObject({ status: 'done', result: { deleted: size + 1 } });
    expect(await counts()).toEqual({ all: 0, trashed: 0, counted: 0 });
  }, 180_000);
});
