import { defineEntity, p } from '@mikro-orm/core';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decide, opensClosed, type Subject, visibility } from '../access/index.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { Grant, Principal } from '../kernel/principal.ts';
import { tables } from '../platform.ts';
import { asSuperuser, createTestPlatform, type TestDialect, type TestPlatform } from '../testing/index.ts';
import { id } from './columns.ts';
import { type Database, openDatabase } from './database.ts';
import { grantsOf } from './policies.ts';
import { doorScope, requestScope } from './scope.ts';
import { defineTable } from './table.ts';
import { subjectOf } from './visibility.ts';

/*
 * The rows that a principal sees, in a table that only this test has. It has two kinds of place, and people. Places of one kind, the
 * crates, may be closed. Parts are visible with a row or with a crate. A row must be visible exactly when `decide` allows to read it.
 */

const CrateEntity = defineEntity({
  name: 'Crate',
  tableName: 'crates',
  properties: { organizationId: id().primary(), id: id().primary(), lid: p.string() },
});

const CratePersonEntity = defineEntity({
  name: 'CratePerson',
  tableName: 'crate_people',
  properties: { organizationId: id().primary(), crateId: id().primary(), userId: id().primary() },
});

const ThingEntity = defineEntity({
  name: 'Thing',
  tableName: 'things',
  properties: {
    organizationId: id().primary(),
    id: id().primary(),
    teamId: id().nullable(),
    crateId: id().nullable(),
  },
});

const ThingPersonEntity = defineEntity({
  name: 'ThingPerson',
  tableName: 'thing_people',
  properties: { organizationId: id().primary(), thingId: id().primary(), userId: id().primary() },
});

const ThingPartEntity = defineEntity({
  name: 'ThingPart',
  tableName: 'thing_parts',
  properties: {
    organizationId: id().primary(),
    id: id().primary(),
    thingId: id().nullable(),
    crateId: id().nullable(),
  },
});

const thingTable = defineTable(ThingEntity, {
  kind: 'tenant',
  visibility: {
    kind: 'own',
    permission: 'task:read',
    entityType: 'thing',
    places: { team: 'teamId', crate: 'crateId' },
    people: { in: () => ThingPersonEntity, row: 'thingId', user: 'userId' },
  },
});

const opensWith = 'project:read_private';

const crateTable = defineTable(CrateEntity, {
  kind: 'tenant',
  visibility: {
    kind: 'own',
    permission: 'task:read',
    entityType: 'crate',
    places: { crate: 'id' },
    shared: true,
    closing: {
      place: 'crate',
      when: { property: 'lid', is: 'shut' },
      members: { in: () => CratePersonEntity, row: 'crateId', user: 'userId' },
      opensWith,
    },
  },
});

const thingTables = [
  thingTable,
  crateTable,
  defineTable(CratePersonEntity, { kind: 'tenant' }),
  defineTable(ThingPersonEntity, { kind: 'tenant' }),
  defineTable(ThingPartEntity, {
    kind: 'tenant',
    visibility: {
      kind: 'parent',
      permission: 'comment:read',
      entityType: 'thing_part',
      parents: { thingId: () => ThingEntity, crateId: () => CrateEntity },
    },
  }),
];

const schema = [
  'create table crates (organization_id uuid, id uuid, lid text)',
  'create table crate_people (organization_id uuid, crate_id uuid, user_id uuid)',
  'create table things (organization_id uuid, id uuid, team_id uuid, crate_id uuid)',
  'create table thing_people (organization_id uuid, thing_id uuid, user_id uuid)',
  'create table thing_parts (organization_id uuid, id uuid, thing_id uuid, crate_id uuid)',
];

const organizationId = uuidv7();
const [me, other] = [uuidv7(), uuidv7()] as const;
const teams = [uuidv7(), uuidv7()] as const;

/** An open crate, and three that are shut: without members, with others, and with the principal among them. */
const crates = [
  { lid: 'open', memberIds: [] },
  { lid: 'shut', memberIds: [] },
  { lid: 'shut', memberIds: [other] },
  { lid: 'shut', memberIds: [other, me] },
].map((crate) => ({ ...crate, id: uuidv7(), partId: uuidv7(), eventId: uuidv7() }));

type Crate = (typeof crates)[number];

/** One thing for each combination of team, crate and person. */
const things = [null, ...teams].flatMap((teamId) =>
  [null, ...crates].flatMap((crate) =>
    [null, me, other].map((userId) => ({
      id: uuidv7(),
      partId: uuidv7(),
      eventId: uuidv7(),
      teamId,
      crate,
      crateId: crate?.id ?? null,
      userId,
    })),
  ),
);

const closed = (crate: Crate | null): Pick<Subject, 'closed'> =>
  crate?.lid === 'shut' ? { closed: { opensWith, memberIds: crate.memberIds } } : {};

const facts = ({ teamId, crateId, userId }: (typeof things)[number]): Subject => ({
  people: userId === null ? [] : [userId],
  places: { team: teamId, crate: crateId },
});

const subject = (thing: (typeof things)[number]): Subject => ({ ...facts(thing), ...closed(thing.crate) });

/** All things and crates. Each has a part, and an event about that. */
const owners = [
  ...things.map((thing) => ({ ...thing, type: 'thing', on: { thing_id: thing.id }, subject: subject(thing) })),
  ...crates.map((crate) => ({
    ...crate,
    type: 'crate',
    on: { crate_id: crate.id },
    subject: { ...subjectOf(crateTable, crate), ...closed(crate) },
  })),
];

/** A thing that was deleted for ever. Its event is still there. */
const gone = { type: 'thing', id: uuidv7(), partId: uuidv7(), eventId: uuidv7() };

const scopes: readonly Grant['scope'][] = [
  { kind: 'organization' },
  ...teams.map((id) => ({ kind: 'team', id, place: 'team', placeIds: new Set([id]) }) as const),
  { kind: 'department', id: uuidv7(), place: 'team', placeIds: new Set(teams) },
  ...crates.map(({ id }) => ({ kind: 'project', id, place: 'crate', placeIds: new Set([id]) }) as const),
];

const grants = fc.array(
  fc.record({
    scope: fc.constantFrom(...scopes),
    constraints: fc.constantFrom<Grant['constraints']>([], ['assignedOnly']),
    permissions: fc.constantFrom(
      new Set(['task:read', 'comment:read', 'activity:read']),
      new Set(['task:read', 'activity:read']),
      new Set(['task:read', 'comment:read', 'activity:read', opensWith]),
      new Set([opensWith]),
      new Set(['tag:read']),
    ),
  }),
  { maxLength: 4 },
);

const principalOf = (held: readonly Pick<Grant, 'scope' | 'constraints' | 'permissions'>[]): Principal => ({
  userId: me,
  sessionId: null,
  emailVerified: true,
  organizationId,
  grants: held.map((grant) => ({ ...grant, roleId: 'role', roleKey: 'custom', validTo: null })),
});

async function createTables(dialect: TestDialect, platform: TestPlatform): Promise<void> {
  if (dialect === 'sqlite') {
    await platform.database.engine.write(doorScope('system'), async (connection) => {
      for (const sql of schema) await connection.execute(sql, []);
    });
    return;
  }
  const superuser = new pg.Client({ connectionString: asSuperuser(platform.settings.databaseUrl) });
  await superuser.connect();
  for (const sql of [...schema, ...thingTables.flatMap(grantsOf)]) await superuser.query(sql);
  await superuser.end();
}

describe.each(['sqlite', 'postgresql'] as const)('visibility on %s', (dialect) => {
  let platform: TestPlatform;
  let database: Database;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    await createTables(dialect, platform);
    database = await openDatabase({
      url: platform.settings.databaseUrl,
      tables: [...tables, ...thingTables],
      visibility,
      opensClosed,
    });
    const at = platform.clock.now();
    await database.write(doorScope('system'), async ({ db }) => {
      const insert = async (table: string, rows: object[]) => {
        await db
          .insertInto(table as 'tags')
          .values(rows as never)
          .execute();
      };
      const base = { organization_id: organizationId };
      await insert(
        'crates',
        crates.map(({ id, lid }) => ({ ...base, id, lid })),
      );
      await insert(
        'crate_people',
        crates.flatMap(({ id, memberIds }) => memberIds.map((userId) => ({ ...base, crate_id: id, user_id: userId }))),
      );
      await insert(
        'things',
        things.map(({ id, teamId, crateId }) => ({ ...base, id, team_id: teamId, crate_id: crateId })),
      );
      await insert(
        'thing_people',
        things.flatMap(({ id, userId }) => (userId ? [{ ...base, thing_id: id, user_id: userId }] : [])),
      );
      await insert(
        'thing_parts',
        owners.map(({ partId, on }) => ({ ...base, thing_id: null, crate_id: null, ...on, id: partId })),
      );
      const event = { ...base, actor_id: null, api_key_id: null, request_id: 'test', payload_hash: '', at };
      await insert(
        'events',
        [...owners, gone].map(({ type, id, partId, eventId }) => ({
          ...event,
          id: eventId,
          type: 'thing_part.created',
          entity_type: 'thing_part',
          entity_id: partId,
          parent_type: type,
          parent_id: id,
        })),
      );
    });
  });
  afterAll(async () => {
    await database.close();
    await platform.dispose();
  });

  const seen = async (principal: Principal, table: string): Promise<string[]> => {
    const rows = await database.read(requestScope(principal), (db) =>
      db
        .selectFrom(table as 'tags')
        .select('id')
        .execute(),
    );
    return rows.map(({ id }) => id).sort();
  };

  it('shows the rows that a decision allows to read, with what is visible with them', async () => {
    await fc.assert(
      fc.asyncProperty(grants, async (held) => {
        const principal = principalOf(held);
        const allowed = (permission: 'task:read' | 'comment:read' | 'activity:read') =>
          owners.filter((owner) => decide(principal, permission, owner.subject).allowed);
        const allowedOf = (type: string) =>
          allowed('task:read').flatMap((owner) => (owner.type === type ? owner.id : []));
        expect(await seen(principal, 'things')).toEqual(allowedOf('thing').sort());
        expect(await seen(principal, 'crates')).toEqual(allowedOf('crate').sort());
        expect(await seen(principal, 'thing_parts')).toEqual(
          allowed('comment:read')
            .map(({ partId }) => partId)
            .sort(),
        );
        const told = allowed('activity:read').map(({ eventId }) => eventId);
        expect((await seen(principal, 'events')).filter((id) => id !== gone.eventId)).toEqual(told.sort());
      }),
      { numRuns: 100 },
    );
  });

  it('tells what happened to rows that are gone only to those who see all closed places', async () => {
    const reader = { scope: { kind: 'organization' } as const, constraints: [] };
    const sees = async (...permissions: string[]) =>
      (await seen(principalOf([{ ...reader, permissions: new Set(permissions) }]), 'events')).includes(gone.eventId);
    expect(await sees('activity:read')).toBe(false);
    expect(await sees('activity:read', opensWith)).toBe(true);
  });
});

describe('the subject of a decision', () => {
  it('has the places and the people of the row', () => {
    for (const thing of things)
      expect(subjectOf(thingTable, thing, thing.userId === null ? [] : [thing.userId])).toEqual(facts(thing));
  });

  it('says that a row can be read from every scope', () => {
    const [crate] = crates;
    expect(subjectOf(crateTable, crate ?? {})).toEqual({ places: { crate: crate?.id }, shared: true });
  });

  it('has no people where the table has none, so that nobody is refused for not being among them', () => {
    const visibility = {
      kind: 'own',
      permission: 'tag:read',
      entityType: 'crate',
      places: { team: 'teamId' },
    } as const;
    expect(subjectOf({ name: 'crates', visibility }, { teamId: teams[0] })).toEqual({ places: { team: teams[0] } });
  });

  it("is nobody's when the people of the row are not given", () => {
    expect(subjectOf(thingTable, {})).toEqual({ people: [], places: { team: null, crate: null } });
  });

  it('is asked only of a table with facts of its own', () => {
    expect(() => subjectOf({ name: 'tags' }, {})).toThrow('Table tags states no facts of its own');
  });
});
