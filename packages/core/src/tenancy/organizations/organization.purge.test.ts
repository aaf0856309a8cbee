import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../../database/system-door.ts';
import { recordEvents } from '../../activity/index.ts';
import { enqueue } from '../../jobs/index.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type Dump,
  openDump,
  TestClock,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { anonymous, codeOf } from '../../testing/people.ts';
import { createWorld } from '../../testing/world.ts';
import { createTask, type Task } from '../../work/index.ts';
import { addTeamMember } from '../teams/team.members.ts';
import { organizationEvents } from './organization.events.ts';
import { restoreOrganization } from './organization.service.ts';

const day = 86_400_000;

describe.each(dialects)('purging organizations on %s', (dialect) => {
  const clock = new TestClock();
  let platform: TestPlatform;
  let dump: Awaited<ReturnType<typeof openDump>>;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    dump = await openDump(platform.settings.databaseUrl);
  });
  afterAll(async () => {
    await dump.close();
    await platform.dispose();
  });

  const trash = (organizationId: string) =>
    writeThroughSystemDoor(anonymous(platform), ({ db }) =>
      db
        .updateTable('organizations')
        .set({ deleted_at: sql<string>`${clock.now()}` })
        .where('id', '=', organizationId)
        .execute(),
    );
  const purge = async () => {
    await writeThroughSystemDoor(anonymous(platform), (unit) => enqueue(unit, 'organizations.purge', {}));
    await platform.runDueJobs();
  };
  /** Where there are rows of an organization. */
  const tablesWith = (rows: Dump, organizationId: string) =>
    Object.entries(rows)
      .filter(([, found]) => found.some((row) => (row['organization_id'] ?? row['id']) === organizationId))
      .map(([table]) => table)
      .sort();
  const tenantTables = () =>
    [...platform.database.tables.values()]
      .filter(({ own }) => own?.is === 'organization')
      .map(({ name }) => name)
      .sort();

  it('deletes every row in every table for ever after 30 days, but the bare events, and nobody else’s', async () => {
    const [old, other, young] = [await createWorld(platform), await createWorld(platform), await createWorld(platform)];
    await trash(old.organizationId);
    clock.advance(29 * day);
    await trash(young.organizationId);
    clock.advance(2 * day);
    const before = await dump.read();
    expect(tablesWith(before, old.organizationId)).toEqual(expect.arrayContaining(tenantTables()));

    await purge();

    const after = await dump.read();
    // Of the purge itself there is an event, with a payload.
    expect(tablesWith(after, old.organizationId).filter((table) => tenantTables().includes(table))).toEqual([
      'event_payloads',
      'events',
    ]);
    expect(tablesWith(before, old.organizationId)).toContain('notifications');
    expect(tablesWith(after, old.organizationId)).not.toContain('notifications');
    const of = (rows: Dump, table: string, id: string) =>
      (rows[table] ?? []).filter((row) => (row['organization_id'] ?? row['id']) === id);
    const events = of(after, 'events', old.organizationId);
    expect(events).toEqual(expect.arrayContaining(of(before, 'events', old.organizationId)));
    expect(events.map((event) => event['type'])).toContain('organization.purged');
    expect(of(after, 'event_payloads', old.organizationId)).toHaveLength(1);
    for (const { organizationId } of [other, young])
      for (const table of tenantTables())
        expect(of(after, table, organizationId)).toEqual(of(before, table, organizationId));
    expect(after['users']).toEqual(before['users']);

    await purge();
    expect(of(await dump.read(), 'events', old.organizationId)).toEqual(events);
  });

  it('works through subtasks and more rows than one statement takes, and leaves nothing to restore', async () => {
    const acme: TestOrganization = await createOrganization(platform);
    let above: Task | undefined;
    for (let count = 0; count < 30; count++)
      above = await createTask(acme.owner.ctx(), { title: 'Deep', ...(above ? { parentId: above.id } : {}) });
    const owner = acme.owner.principal;
    await writeThroughSystemDoor(anonymous(platform), async (unit) => {
      for (let count = 0; count < 1100; count++)
        await unit.db
          .insertInto('counters')
          .values({ organization_id: acme.id, name: `many ${count}`, value: 1 })
          .execute();
      // More events than one statement takes, some about one entity and some about many.
      const about = (id: string) =>
        organizationEvents.ownership_transferred.about(id, { organizationId: acme.id, data: {} });
      await recordEvents(unit, ...Array.from({ length: 1100 }, (_, index) => about(index % 2 ? uuidv7() : acme.id)));
    });
    await trash(acme.id);
    clock.advance(31 * day);

    await purge();

    const left = await dump.read();
    expect(tablesWith(left, acme.id)).toEqual(['event_payloads', 'events']);
    // The event of the purge itself.
    expect(left['event_payloads']?.filter((row) => row['organization_id'] === acme.id)).toHaveLength(1);
    const ctx = platform.context({ principal: owner });
    expect(await codeOf(restoreOrganization(ctx))).toBe('organization_not_found');
    const joining = addTeamMember(ctx, { id: owner.userId, userId: owner.userId });
    expect(await codeOf(joining)).toBe('organization_not_found');
  });
});
