import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import { enqueue, getJob } from '../jobs/index.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { createRole, createRoleAssignment } from '../tenancy/index.ts';
import {
  acting,
  createOrganization,
  createTestPlatform,
  dialects,
  type TestOrganization,
  type TestPlatform,
} from '../testing/index.ts';
import { anonymous, codeOf } from '../testing/people.ts';
import { createComment, createTag, createTask, updateTask } from '../work/index.ts';
import { taskEvents } from '../work/tasks/task.events.ts';
import { exportAudit } from './audit.export.ts';
import { getAuditHead, listAudit } from './audit.list.ts';
import { AuditExportInput, AuditListInput, AuditRow, AuditVerification } from './audit.schema.ts';
import { verifyAudit } from './audit.verify.ts';
import { chainHash } from './chain.ts';
import { checkChain, type ChainHead, type ChainProblemKind, firstPreviousHash } from './check-chain.ts';
import { EventEntity } from './event.entity.ts';
import { recordEvents } from './record.ts';

type Unit = Parameters<Parameters<typeof writeThroughSystemDoor>[1]>[0];

/** As browsers have it. */
const webDigest = async (bytes: Uint8Array<ArrayBuffer>) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

describe.each(dialects)('the audit trail on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let taskId: string;

  const system = <T>(work: (unit: Unit) => Promise<T>) => writeThroughSystemDoor(anonymous(platform), work);
  const owner = () => acme.owner.ctx();

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
  });
  afterAll(() => platform.dispose());
  /** Eight events: a task, a comment on it, and six changes of its title. */
  beforeEach(async () => {
    acme = await createOrganization(platform);
    ({ id: taskId } = await createTask(owner(), { title: 'Title 1' }));
    await createComment(owner(), { taskId, body: 'A remark' });
    for (let turn = 3; turn <= 8; turn++) await updateTask(owner(), { id: taskId, title: `Title ${turn}` });
    await platform.sealer.sealAll();
  });

  const list = (input: Partial<Record<keyof AuditListInput, unknown>> = {}, ctx = owner()) =>
    listAudit(ctx, AuditListInput.parse(input));
  const lines = async (input: Partial<AuditExportInput> = {}, ctx = owner()) => {
    const download = await exportAudit(ctx, AuditExportInput.parse(input));
    if (!('read' in download)) throw new Error('An export is made while it is sent.');
    return (await text(download.read())).split(/\r?\n/).slice(0, -1);
  };
  const exported = async (input: Partial<AuditExportInput> = {}, ctx = owner()) =>
    (await lines(input, ctx)).map((line): AuditRow => AuditRow.strict().parse(JSON.parse(line)));
  async function verify(kept: ChainHead | null = null) {
    const verification = AuditVerification.parse(await verifyAudit(owner(), kept ?? {}));
    const { problem, checked, erased } = await checkChain(await exported(), webDigest, { head: kept });
    return { verification, offline: { problem, checked, erased } };
  }
  const head = async () => {
    const { sequence, hash } = await getAuditHead(owner());
    return { sequence, hash };
  };
  const eventIdAt = async ({ db }: Unit, sequence: number) =>
    (
      await db
        .selectFrom('event_seals')
        .select('event_id as id')
        .where('organization_id', '=', acme.id)
        .where('sequence', '=', sequence)
        .executeTakeFirstOrThrow()
    ).id;

  it('lists the newest first, or in its own order, page by page', async () => {
    const newest = await list({ limit: 5 });
    expect(newest.data.map(({ sequence }) => sequence)).toEqual([8, 7, 6, 5, 4]);
    const rest = await list({ limit: 5, cursor: newest.nextCursor });
    expect(rest).toMatchObject({ data: [{ sequence: 3 }, { sequence: 2 }, { sequence: 1 }], nextCursor: null });
    const first = await list({ limit: 5, sort: 'sequence' });
    expect(first.data.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    const next = await list({ limit: 5, sort: 'sequence', cursor: first.nextCursor });
    expect(next).toMatchObject({ data: [{ sequence: 6 }, { sequence: 7 }, { sequence: 8 }], nextCursor: null });
    for (const row of first.data) expect(AuditRow.strict().parse(row)).toEqual(row);
    expect(await exported()).toEqual([...first.data, ...next.data]);
    expect(first.data[1]).toMatchObject({
      type: 'comment.created',
      actorId: acme.owner.userId,
      apiKeyId: null,
      entity: { type: 'comment' },
      parent: { type: 'task', id: taskId },
      payload: { changes: {}, data: { body: 'A remark' } },
      previousHash: first.data[0]?.hash,
    });
    expect(first.data[0]?.previousHash).toBe(firstPreviousHash);
  });

  it.each<[string, () => Partial<Record<keyof AuditListInput, unknown>>, number[]]>([
    ['a type', () => ({ type: ['comment.*'] }), [2]],
    ['a type, in order', () => ({ type: ['comment.created'], sort: 'sequence' }), [2]],
    ['an unknown type', () => ({ type: ['planet.*'] }), []],
    ['another actor', () => ({ actor: [uuidv7()] }), []],
    ['an actor in order', () => ({ actor: ['me'], sort: 'sequence', fromSequence: 7 }), [7, 8]],
    ['an entity', () => ({ entityType: 'task', entityId: taskId, type: ['task.created'] }), [1]],
    ['an entity with what is below it', () => ({ entityId: taskId, sort: 'sequence', toSequence: 3 }), [1, 2, 3]],
    ['a time', () => ({ before: '2001-01-01T00:00:00Z', sort: 'sequence' }), []],
  ])('filters by %s', async (_name, filters, sequences) => {
    expect((await list(filters())).data.map(({ sequence }) => sequence)).toEqual(sequences);
  });

  it('is valid as it is, also against a head that was kept', async () => {
    const kept = await head();
    await createTag(owner(), { name: 'Later', color: '#112233' });
    await platform.sealer.sealAll();
    const { verification, offline } = await verify(kept);
    expect(verification).toMatchObject({ valid: true, checked: 9, erased: 0, problem: null, head: { sequence: 9 } });
    expect(offline).toEqual({ checked: 9, erased: 0, problem: null });
  });

  const change =
    (set: Partial<Record<'type' | 'entity_type' | 'parent_type' | 'request_id' | 'payload_hash', string>>) =>
    async (unit: Unit) =>
      unit.db
        .updateTable('events')
        .set(set)
        .where('id', '=', await eventIdAt(unit, 4))
        .execute();
  const changeId =
    (column: 'actor_id' | 'api_key_id' | 'entity_id' | 'parent_id' | 'organization_id') => async (unit: Unit) =>
      unit.db
        .updateTable('events')
        .set({ [column]: uuidv7() })
        .where('id', '=', await eventIdAt(unit, 4))
        .execute();
  const seals = ({ db }: Unit) => db.updateTable('event_seals').where('organization_id', '=', acme.id);
  const move = (unit: Unit, from: number, to: number) =>
    seals(unit).set({ sequence: to }).where('sequence', '=', from).execute();
  const drop = ({ db }: Unit, ...sequences: number[]) =>
    db.deleteFrom('event_seals').where('organization_id', '=', acme.id).where('sequence', 'in', sequences).execute();
  const dropEvent = async (unit: Unit, sequence: number) =>
    unit.db
      .deleteFrom('events')
      .where('id', '=', await eventIdAt(unit, sequence))
      .execute();
  /** Numbers all seals from one on anew. */
  async function shift(unit: Unit, from: number, by: number) {
    await seals(unit)
      .set({ sequence: sql<number>`sequence + 1000` })
      .where('sequence', '>=', from)
      .execute();
    await seals(unit)
      .set({ sequence: sql<number>`sequence - 1000 + ${sql.lit(by)}` })
      .where('sequence', '>=', 1000)
      .execute();
  }
  async function exchangeEvents(unit: Unit, one: number, other: number) {
    const [first, second] = [await eventIdAt(unit, one), await eventIdAt(unit, other)];
    for (const [sequence, id] of [
      [one, uuidv7()],
      [other, first],
      [one, second],
    ] as const)
      // prettier-ignore
      await seals(unit).set({ event_id: id }).where('sequence', '=', sequence).execute();
  }
  async function forge(unit: Unit, sequence: number) {
    const id = uuidv7();
    await unit.insert(EventEntity, {
      id,
      organizationId: acme.id,
      type: 'task.updated',
      entityType: 'task',
      entityId: taskId,
      requestId: 'forged',
      quiet: false,
      payloadHash: firstPreviousHash,
      at: unit.now,
    });
    await unit.db
      .insertInto('event_seals')
      .values({ organization_id: acme.id, sequence, event_id: id, hash: firstPreviousHash })
      .execute();
  }
  /** Writes the hashes of the whole trail anew. */
  async function rehash(unit: Unit) {
    let hash = firstPreviousHash;
    const rows = await unit.db
      .selectFrom('event_seals')
      .innerJoin('events', 'events.id', 'event_seals.event_id')
      .selectAll('events')
      .select('event_seals.sequence')
      .where('event_seals.organization_id', '=', acme.id)
      .orderBy('event_seals.sequence')
      .execute();
    for (const row of rows) {
      const { parent_type: parentType, parent_id: parentId } = row;
      hash = chainHash(hash, {
        sequence: row.sequence,
        id: row.id,
        organizationId: acme.id,
        type: row.type,
        at: row.at,
        actorId: row.actor_id,
        apiKeyId: row.api_key_id,
        entity: { type: row.entity_type, id: row.entity_id },
        parent: parentType === null || parentId === null ? null : { type: parentType, id: parentId },
        requestId: row.request_id,
        payloadHash: row.payload_hash,
      });
      await seals(unit).set({ hash }).where('sequence', '=', row.sequence).execute();
    }
  }

  const tampers: Record<string, [tamper: (unit: Unit) => Promise<unknown>, kind: ChainProblemKind, sequence: number]> =
    {
      'another type': [change({ type: 'task.created' }), 'altered', 4],
      'another kind of entity': [change({ entity_type: 'tag' }), 'altered', 4],
      'another request': [change({ request_id: 'other' }), 'altered', 4],
      'another hash of the payload': [change({ payload_hash: firstPreviousHash }), 'altered', 4],
      'another actor': [changeId('actor_id'), 'altered', 4],
      'another API key': [changeId('api_key_id'), 'altered', 4],
      'another entity': [changeId('entity_id'), 'altered', 4],
      'another parent': [
        async (unit) => {
          await change({ parent_type: 'task' })(unit);
          await changeId('parent_id')(unit);
        },
        'altered',
        4,
      ],
      'another organization': [changeId('organization_id'), 'missing', 4],
      'another time': [
        async (unit) =>
          unit.db
            .updateTable('events')
            .set({ at: sql<string>`${new Date(0)}` })
            .where('id', '=', await eventIdAt(unit, 4))
            .execute(),
        'altered',
        4,
      ],
      'another payload': [
        async (unit) =>
          unit.db
            .updateTable('event_payloads')
            .set({ payload: sql`${JSON.stringify({ changes: {}, data: { title: 'Forged' } })}` })
            .where('event_id', '=', await eventIdAt(unit, 4))
            .execute(),
        'altered',
        4,
      ],
      'another salt': [
        async (unit) =>
          unit.db
            .updateTable('event_payloads')
            .set({ salt: 'AAAAAAAAAAAAAAAAAAAAAA' })
            .where('event_id', '=', await eventIdAt(unit, 4))
            .execute(),
        'altered',
        4,
      ],
      'another hash': [
        (unit) => seals(unit).set({ hash: firstPreviousHash }).where('sequence', '=', 4).execute(),
        'altered',
        4,
      ],
      'another sequence': [(unit) => move(unit, 4, 100), 'missing', 4],
      'a seal of no event': [
        (unit) => seals(unit).set({ event_id: uuidv7() }).where('sequence', '=', 4).execute(),
        'missing',
        4,
      ],
      'a seal of another organization': [
        (unit) => seals(unit).set({ organization_id: uuidv7() }).where('sequence', '=', 4).execute(),
        'missing',
        4,
      ],
      'a deleted event': [(unit) => dropEvent(unit, 4), 'missing', 4],
      'the last event deleted': [(unit) => dropEvent(unit, 8), 'missing', 8],
      'the first event deleted': [(unit) => dropEvent(unit, 1), 'missing', 1],
      'a deleted seal': [(unit) => drop(unit, 4), 'missing', 4],
      'a deleted event with its seal': [
        async (unit) => {
          await dropEvent(unit, 4);
          await drop(unit, 4);
        },
        'missing',
        4,
      ],
      'a deleted event, and all others numbered anew': [
        async (unit) => {
          await dropEvent(unit, 4);
          await drop(unit, 4);
          await shift(unit, 5, -1);
        },
        'missing',
        4,
      ],
      'two events exchanged': [(unit) => exchangeEvents(unit, 4, 5), 'reordered', 4],
      'two distant events exchanged': [(unit) => exchangeEvents(unit, 3, 7), 'reordered', 3],
      'two rows exchanged': [
        async (unit) => {
          await move(unit, 4, 100);
          await move(unit, 5, 4);
          await move(unit, 100, 5);
        },
        'reordered',
        4,
      ],
      'a row moved forward': [
        async (unit) => {
          await move(unit, 7, 100);
          await shift(unit, 4, 1);
          await move(unit, 101, 4);
          await shift(unit, 9, -1);
        },
        'reordered',
        4,
      ],
      'an inserted event': [
        async (unit) => {
          await shift(unit, 4, 1);
          await forge(unit, 4);
        },
        'inserted',
        4,
      ],
    };

  it.each(Object.entries(tampers))('finds %s', async (_name, [tamper, kind, sequence]) => {
    await system(tamper);
    const { verification, offline } = await verify();
    const problem = { kind, sequence };
    expect(verification).toMatchObject({ valid: false, problem, checked: sequence - 1 });
    // Of events that are gone the export says nothing, so it ends before them.
    const isCut = kind === 'missing' && sequence === 8;
    expect(offline).toMatchObject({ problem: isCut ? null : problem, checked: sequence - 1 });
  });

  it.each<[string, (unit: Unit) => Promise<unknown>, ChainProblemKind, number]>([
    ['a cut end', (unit) => drop(unit, 7, 8), 'truncated', 7],
    [
      'an end that was cut and written anew',
      async (unit) => {
        await change({ request_id: 'other' })(unit);
        await rehash(unit);
      },
      'altered',
      8,
    ],
  ])('finds %s by a head that was kept, and only by it', async (_name, tamper, kind, sequence) => {
    const kept = await head();
    await system(tamper);
    expect((await verify()).verification.valid).toBe(true);
    const { verification, offline } = await verify(kept);
    expect(verification).toMatchObject({ valid: false, problem: { kind, sequence } });
    expect(offline.problem).toEqual({ kind, sequence });
  });

  it('stays valid when payloads are erased, and says so', async () => {
    await system(async (unit) =>
      unit.db
        .deleteFrom('event_payloads')
        .where('event_id', 'in', [await eventIdAt(unit, 1), await eventIdAt(unit, 4)])
        .execute(),
    );
    const { verification, offline } = await verify();
    expect(verification).toMatchObject({ valid: true, checked: 8, erased: 2, problem: null });
    expect(offline).toEqual({ checked: 8, erased: 2, problem: null });
    expect((await exported())[3]).toMatchObject({ salt: null, payload: null });
  });

  it('withholds payloads from those who must not read private projects, and verifies for them too', async () => {
    const role = await createRole(owner(), {
      name: 'Inspector',
      permissions: ['audit:read', 'audit:export'],
      constraints: [],
      parentId: null,
    });
    const person = await acme.addMember('viewer');
    await createRoleAssignment(owner(), {
      userId: person.userId,
      roleId: role.id,
      scope: { kind: 'organization' },
      validTo: null,
    });
    await platform.sealer.sealAll();
    const ctx = await acting(platform, person.userId, acme.id);
    for (const row of (await list({}, ctx)).data) expect(row).toMatchObject({ salt: null, payload: null });
    const rows = await exported({}, ctx);
    expect(await checkChain(rows, webDigest)).toMatchObject({
      problem: null,
      checked: rows.length,
      erased: rows.length,
    });
    expect(await verifyAudit(ctx, {})).toMatchObject({ valid: true, erased: 0 });
    const auditor = await acme.addMember('auditor');
    expect((await exported({}, auditor.ctx()))[0]?.payload).not.toBeNull();
    expect(await codeOf(list({}, person.ctx()))).toBe('permission_denied');
    expect(await codeOf(exported({}, person.ctx()))).toBe('permission_denied');
  });

  it('exports a part, and CSV', async () => {
    const part = await exported({ fromSequence: 3, toSequence: 5 });
    expect(part.map(({ sequence }) => sequence)).toEqual([3, 4, 5]);
    expect(await checkChain(part, webDigest, { from: 3 })).toMatchObject({ problem: null, checked: 3 });
    expect((await checkChain(part, webDigest)).problem).toEqual({ kind: 'missing', sequence: 1 });
    const [header, first, ...others] = await lines({ format: 'csv' });
    expect(header).toBe(
      'sequence,id,organizationId,type,at,actorId,apiKeyId,entityType,entityId,parentType,parentId,requestId,salt,payload,payloadHash,previousHash,hash',
    );
    expect(first).toMatch(/^1,[\w-]{36},[\w-]{36},task\.created,/);
    expect(first).toContain('""title"":""Title 1""');
    expect(others).toHaveLength(7);
  });

  it('publishes its head once a day, if it has grown', async () => {
    const quiet = await createOrganization(platform, 'Quiet');
    const before = await head();
    const publish = async () => {
      await system((unit) => enqueue(unit, 'audit.publish_heads', {}));
      await platform.runDueJobs();
    };
    await publish();
    const { data } = await list({ limit: 1 });
    expect(data[0]).toMatchObject({
      type: 'audit.head_published',
      actorId: null,
      entity: { type: 'organization', id: acme.id },
      payload: { data: before },
    });
    await publish();
    expect((await head()).sequence).toBe(9);
    expect(await list({}, quiet.owner.ctx())).toEqual({ data: [], nextCursor: null });
    expect(await getAuditHead(quiet.owner.ctx())).toEqual({
      organizationId: quiet.id,
      sequence: 0,
      hash: firstPreviousHash,
      at: null,
    });
    expect((await verify(before)).verification.valid).toBe(true);
  });

  it('verifies a long trail by a job', async () => {
    const happened = () =>
      taskEvents.updated.about(uuidv7(), { organizationId: acme.id, data: { title: 'Long', version: 2 } });
    await system(async (unit) => {
      for (let count = 0; count < 10; count++)
        await recordEvents(unit, ...Array.from({ length: 500 }, () => happened()));
    });
    await platform.sealer.sealAll();
    const started = await verifyAudit(owner(), {});
    if (!('status' in started)) throw new Error('There is no job.');
    expect(started).toMatchObject({ kind: 'audit.verify', status: 'waiting' });
    await platform.runDueJobs();
    const { status, result } = await getJob(owner(), { id: started.id });
    expect(status).toBe('done');
    expect(AuditVerification.strict().parse(result)).toMatchObject({ valid: true, checked: 5_008, erased: 0 });
  });
});
