import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { uuidv7, uuidv7At } from '../kernel/ids.ts';
import { createPlatform, type Platform } from '../platform.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  type TestOrganization,
  type TestPlatform,
} from '../testing/index.ts';
import { anonymous, codeOf } from '../testing/people.ts';
import { createTag, createTask, deleteTask, updateTask } from '../work/index.ts';
import { EventEntity, EventPayloadEntity } from './event.entity.ts';
import { eventsSealed, type SealedEvent } from './seal.ts';
import { onSealed } from './seal.signals.ts';

/** What the hook was given, the organizations that it looks at, and those for which it fails. */
const hooked: SealedEvent[] = [];
const watched = new Set<string>();
const failing = new Set<string>();
eventsSealed.add(async (unit, organizationId, events) => {
  if (!watched.has(organizationId)) return;
  // What a hook writes is rolled back with the seals.
  await unit.db
    .insertInto('counters')
    .values({ organization_id: organizationId, name: `hooked ${events[0]?.id}`, value: 1 })
    .execute();
  if (failing.has(organizationId)) throw new Error('This hook fails.');
  hooked.push(...events);
});

describe.each(dialects)('sealing on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  const others: Platform[] = [];

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
  });
  beforeEach(async () => {
    acme = await createOrganization(platform);
    watched.add(acme.id);
    failing.clear();
    hooked.length = 0;
  });
  afterAll(async () => {
    for (const other of others) await other.close();
    await platform.dispose();
  });

  /** Another server on the same database. */
  async function another(): Promise<Platform> {
    const other = await createPlatform(platform.settings);
    others.push(other);
    return other;
  }
  async function close(server: Platform) {
    others.splice(others.indexOf(server), 1);
    await server.close();
  }
  const system = <T>(work: Parameters<typeof writeThroughSystemDoor<T>>[1], on: Platform = platform) =>
    writeThroughSystemDoor(anonymous(on), work);
  const sealsOf = (organizationId = acme.id) =>
    system(({ db }) =>
      db
        .selectFrom('event_seals')
        .innerJoin('events', 'events.id', 'event_seals.event_id')
        .selectAll('events')
        .select(['event_seals.sequence', 'event_seals.hash'])
        .where('event_seals.organization_id', '=', organizationId)
        .orderBy('event_seals.sequence')
        .execute(),
    );
  const unsealed = async () =>
    (
      await system(({ db }) =>
        db
          .selectFrom('events')
          .leftJoin('event_seals', 'event_seals.event_id', 'events.id')
          .select('events.id')
          .where('events.organization_id', '=', acme.id)
          .where('event_seals.event_id', 'is', null)
          .execute(),
      )
    ).map(({ id }) => id);
  const sequence = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  /** Commits an event that no process seals by itself, with an id that was made at some time. */
  async function commit(madeAt: number, version: number, entityId: string): Promise<string> {
    const id = uuidv7At(new Date(madeAt), 0);
    await system(async (unit) => {
      await unit.insert(EventEntity, {
        id,
        organizationId: acme.id,
        type: 'task.updated',
        entityType: 'task',
        entityId,
        requestId: 'test',
        quiet: false,
        payloadHash: '',
        at: unit.now,
      });
      const payload = { changes: {}, data: { title: 'Skewed', version } };
      await unit.insert(EventPayloadEntity, { eventId: id, organizationId: acme.id, salt: '', payload });
    });
    return id;
  }
  const waitFor = async (isTrue: () => Promise<boolean>) => {
    for (const until = Date.now() + 20_000; !(await isTrue()); await sleep(20))
      if (Date.now() > until) throw new Error('It did not happen in time.');
  };

  it('gives each event the next sequence, and continues the chain of hashes', async () => {
    const { id } = await createTask(acme.owner.ctx(), { title: 'One' });
    await updateTask(acme.owner.ctx(), { id, title: 'Two' });
    await createTag(acme.owner.ctx(), { name: 'Urgent', color: '#112233' });
    expect(await sealsOf()).toEqual([]);
    expect(await platform.sealer.sealAll()).toBe(true);
    expect(await platform.sealer.sealAll()).toBe(false);
    const seals = await sealsOf();
    expect(seals.map(({ type }) => type)).toEqual(['task.created', 'task.updated', 'tag.created']);
    expect(seals.map((seal) => seal.sequence)).toEqual([1, 2, 3]);
    let previous = Buffer.alloc(32);
    for (const seal of seals) {
      const row = {
        sequence: seal.sequence,
        id: seal.id,
        organizationId: acme.id,
        type: seal.type,
        at: seal.at,
        actorId: seal.actor_id,
        apiKeyId: seal.api_key_id,
        entity: { type: seal.entity_type, id: seal.entity_id },
        parent: null,
        requestId: seal.request_id,
        payloadHash: seal.payload_hash,
      };
      previous = createHash('sha256').update(previous).update(canonicalJson(row)).digest();
      expect(seal.hash).toBe(previous.toString('base64url'));
    }
  });

  it('tells the hooks what happened, and the listeners how far it got', async () => {
    const told: unknown[] = [];
    const unsubscribe = onSealed(platform.database, (...facts) => void told.push(facts));
    const { id } = await createTask(acme.owner.ctx(), { title: 'One' });
    await updateTask(acme.owner.ctx(), { id, title: 'Two' });
    await platform.sealer.sealAll();
    unsubscribe();
    expect(told.at(-1)).toEqual([acme.id, 2]);
    expect(hooked).toEqual([
      expect.objectContaining({ sequence: 1, type: 'task.created', organizationId: acme.id, quiet: false }),
      expect.objectContaining({
        sequence: 2,
        type: 'task.updated',
        actorId: acme.owner.userId,
        apiKeyId: null,
        entity: { type: 'task', id },
        parent: null,
        requestId: expect.any(String),
        at: expect.any(String),
        changes: { title: { from: 'One', to: 'Two' } },
        data: expect.objectContaining({ version: 2 }),
      }),
    ]);
  });

  it('seals nothing of what was rolled back or only tried', async () => {
    const { id } = await createTask(acme.owner.ctx(), { title: 'One' });
    await updateTask(acme.owner.ctx({ dryRun: true }), { id, title: 'Two' });
    expect(await codeOf(updateTask(acme.owner.ctx({ ifMatch: [7] }), { id, title: 'Three' }))).toBe('version_conflict');
    await deleteTask(acme.owner.ctx(), { id, permanent: true });
    await platform.sealer.sealAll();
    expect((await sealsOf()).map(({ type }) => type)).toEqual(['task.created', 'task.deleted']);
    expect(await unsealed()).toEqual([]);
  });

  it('seals nothing when a hook fails, and everything of other organizations', async () => {
    const beta = await createOrganization(platform, 'Beta');
    watched.add(beta.id);
    failing.add(acme.id);
    await createTask(acme.owner.ctx(), { title: 'One' });
    await createTask(beta.owner.ctx(), { title: 'Other' });
    await platform.sealer.sealAll();
    expect(await sealsOf()).toEqual([]);
    expect(await sealsOf(beta.id)).toHaveLength(1);
    const counters = await system(({ db }) =>
      db
        .selectFrom('counters')
        .select('organization_id as organizationId')
        .where('organization_id', 'in', [acme.id, beta.id])
        .where('name', 'like', 'hooked %')
        .execute(),
    );
    expect(counters).toEqual([{ organizationId: beta.id }]);
    expect(platform.sealer.lag()).toMatchObject({ waiting: 1, oldestMs: expect.any(Number) });
    failing.clear();
    await platform.sealer.sealAll();
    expect(await sealsOf()).toHaveLength(1);
    expect(platform.sealer.lag()).toMatchObject({ waiting: 0, oldestMs: 0, lastBatchMs: expect.any(Number) });
  });

  it('seals the changes of one entity in the order of its versions, also those that other servers have made', async () => {
    const [entityId, now] = [randomUUID(), Date.now()];
    // The clock of the first server is ahead.
    const first = await commit(now + 3000, 2, entityId);
    const second = await commit(now - 3000, 3, entityId);
    const alien = await commit(now - 2000, 2, randomUUID());
    const third = await commit(now, 4, entityId);
    await platform.sealer.sealAll();
    expect((await sealsOf()).map(({ id }) => id)).toEqual([first, alien, second, third]);
  });

  it('writes down how far it has looked', async () => {
    await createTask(acme.owner.ctx(), { title: 'One' });
    await platform.sealer.sealAll();
    const walks = await system(({ db }) => db.selectFrom('event_walks').selectAll().execute());
    expect(walks).toEqual([{ name: 'seals', walked_to: expect.any(String) }]);
    const age = Date.now() - Date.parse(walks[0]?.walked_to ?? '');
    expect(age).toBeGreaterThanOrEqual(60_000);
    expect(age).toBeLessThan(180_000);
  });

  it('finds what was committed long after its id was made', async () => {
    await createTask(acme.owner.ctx(), { title: 'One' });
    await platform.sealer.sealAll();
    const late = await commit(Date.now() - 45_000, 2, randomUUID());
    await platform.sealer.sealAll();
    expect((await sealsOf()).at(-1)?.id).toBe(late);
  });

  it('never seals twice and leaves no gap when several servers seal', async () => {
    const servers = [await another(), await another(), await another()];
    for (const server of servers) server.sealer.start();
    const contexts = servers.map((server) => () => server.context({ principal: acme.owner.principal }));
    const { id } = await createTask(acme.owner.ctx(), { title: 'Hot' });
    const add = async (ctx: () => ReturnType<Platform['context']>, place: number) => {
      for (let turn = 0; turn < 20; turn++) {
        await createTask(ctx(), { title: `Task ${place} ${turn}` });
        if (turn % 4 === 0) await updateTask(ctx(), { id, title: `Hot ${place} ${turn}` });
      }
    };
    await Promise.all(contexts.map(add));
    await waitFor(async () => (await unsealed()).length === 0);
    const seals = await sealsOf();
    expect(seals.map((seal) => seal.sequence)).toEqual(sequence(seals.length));
    expect(seals.length).toBe(1 + 3 * 25);
    const versions = hooked.filter(({ entity }) => entity.id === id).map(({ data }) => data['version']);
    expect(versions).toEqual(sequence(16));
    expect(new Set(hooked.map((event) => event.id)).size).toBe(seals.length);
  });

  it('seals what a process has left that was killed after its commit', async () => {
    const killed = await another();
    const ctx = killed.context({ principal: acme.owner.principal });
    await createTask(ctx, { title: 'Left' });
    await close(killed);
    const survivor = await another();
    survivor.sealer.start();
    await waitFor(async () => (await unsealed()).length === 0);
    expect(await sealsOf()).toMatchObject([{ type: 'task.created' }]);
  });

  it('seals an event at once, and the last ones when the server stops', async () => {
    const server = await another();
    server.sealer.start();
    const ctx = () => server.context({ principal: acme.owner.principal });
    await sleep(100);
    const sealed = new Promise((resolve) => void onSealed(server.database, resolve));
    const began = performance.now();
    await createTask(ctx(), { title: 'At once' });
    await sealed;
    expect(performance.now() - began).toBeLessThan(1000);
    for (let count = 0; count < 5; count++) await createTask(ctx(), { title: `Last ${count}` });
    await close(server);
    expect(await unsealed()).toEqual([]);
    expect(await sealsOf()).toHaveLength(6);
  });

  it('leaves the stream of the instance and the events of erased organizations unsealed', async () => {
    const [gone, instance] = [uuidv7(), uuidv7()];
    await system(async (unit) => {
      const event = { type: 'user.updated', entityType: 'user', entityId: gone, requestId: 'test', payloadHash: '' };
      for (const [id, organizationId] of [
        [gone, uuidv7()],
        [instance, null],
      ] as const)
        await unit.insert(EventEntity, { ...event, id, organizationId, quiet: false, at: unit.now });
    });
    await platform.sealer.sealAll();
    const seals = await system(({ db }) =>
      db.selectFrom('event_seals').select('event_id').where('event_id', 'in', [gone, instance]).execute(),
    );
    expect(seals).toEqual([]);
  });
});
