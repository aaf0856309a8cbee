import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { uuidv7 } from '../kernel/ids.ts';
import { tables } from '../platform.ts';
import { createTestPlatform, dialects, type TestPlatform } from '../testing/index.ts';
import { columnsIn, createWorld, type World } from '../testing/world.ts';
import type { EntityColumn } from './entity-columns.ts';
import { bytesOfId, idOfBlob, idOfHex } from './sqlite-values.ts';
import { statement } from './statement.ts';
import { writeThroughSystemDoor } from './system-door.ts';
import type { TableDefinition } from './table.ts';
import { asId } from './typed-value.ts';
import type { Unit } from './unit-of-work.ts';

test('ids are the same after they were 16 bytes', () => {
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      const bytes = bytesOfId(id);
      expect([bytes.length, idOfBlob(bytes), idOfHex(bytes.toString('hex').toUpperCase())]).toEqual([16, id, id]);
    }),
  );
});

test.each([
  '',
  'me',
  '0190A0A0-0000-7000-8000-000000000000',
  '0190a0a0-0000-7000-8000-00000000000g',
  '0190a0a0-0000-7000-8000-00000000000é',
  '0190a0a0-0000-7000-8000_000000000000',
  '0190a0a-00000-7000-8000-000000000000',
  7,
  [],
  {},
])('%j is no id', (value) => {
  expect(() => bytesOfId(value)).toThrow('no UUID');
});

class Undo extends Error {}

describe.each(dialects)('ids on %s', (dialect) => {
  let platform: TestPlatform;
  let world: World;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    world = await createWorld(platform);
  });
  afterAll(() => platform.dispose());

  /** Runs work behind the system door, and rolls it back. */
  const tried = (work: (unit: Unit) => Promise<void>) =>
    writeThroughSystemDoor(platform.context({ principal: null }), async (unit) => {
      await work(unit);
      throw new Undo();
    }).catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });

  const keyOf = (name: string) =>
    Object.fromEntries(columnsIn(platform, name).primaryKeys.map((key) => [key, world.row(name)[key]]));

  const isText = ({ type, values }: EntityColumn): boolean => (type === 'string' || type === 'text') && !values;

  it.each(tables.map((table: TableDefinition) => [table.name, table] as const))(
    'a text of %s may look like an id',
    async (name, table) => {
      for (const { property, name: column } of columnsIn(platform, name).columns.filter(isText))
        await tried(async (unit) => {
          const { entity } = table;
          const [before, id] = [uuidv7(), uuidv7()];
          expect(await unit.update(entity, keyOf(name), { [property]: before })).toBe(1);
          expect(await unit.update(entity, { [property]: before }, { [property]: id })).toBe(1);
          expect(await unit.update(entity, { [property]: [id, uuidv7()] }, { [property]: id })).toBe(1);
          const ref = sql.ref<string>(column);
          const set = unit.db.updateTable(name as 'tasks').set({ [column]: id });
          expect((await set.where(ref, '=', id).executeTakeFirstOrThrow()).numUpdatedRows).toBe(1n);
          const rows = unit.db.selectFrom(name as 'tasks').select(ref.as(column));
          expect(await rows.where(ref, '=', id).execute()).toEqual([{ [column]: id }]);
          expect(await rows.where(ref, 'in', [id, before]).execute()).toEqual([{ [column]: id }]);
          expect(await rows.where(ref, 'not in', [id]).execute()).not.toContainEqual({ [column]: id });
        });
    },
  );

  it.each(tables.map((table: TableDefinition) => [table.name, table] as const))(
    'the ids of %s find their rows',
    async (name) => {
      const row = world.row(name);
      for (const { property, name: column } of columnsIn(platform, name).columns.filter(({ type }) => type === 'id'))
        await tried(async ({ db }) => {
          const id = row[property];
          if (typeof id !== 'string') return;
          const ref = sql.ref<string>(column);
          const rows = db.selectFrom(name as 'tasks').select([ref.as(column), ref.as('other')]);
          for (const found of [
            await rows.where(ref, '=', id).execute(),
            await rows.where(ref, 'in', [id, uuidv7()]).execute(),
            await rows.where(sql<boolean>`${ref} = ${asId(id)}`).execute(),
          ])
            expect(found).toContainEqual({ [column]: id, other: id });
          expect(await rows.where(ref, 'not in', [id]).execute()).not.toContainEqual({ [column]: id, other: id });
          expect(
            await db
              .selectFrom(name as 'tasks')
              .selectAll()
              .where(ref, '=', id)
              .execute(),
          ).toContainEqual(expect.objectContaining({ [column]: id }));
        });
    },
  );

  it.runIf(dialect === 'sqlite')('an id that is bound as text is refused rather than found nowhere', async () => {
    const id = world.userId;
    const among = statement((db, { ids }: { ids: readonly string[] }) => ({
      compile: () => sql`select id from users where id not in (select value from json_each(${ids}))`.compile(db),
    }));
    const failing = 'An id is bound as text';
    await expect(tried(async ({ db }) => void (await db.run(among, { ids: [id] })))).rejects.toThrow(failing);
    const rows = (unit: Unit) =>
      unit.db
        .selectFrom('users')
        .select('id')
        .where(sql<boolean>`id <> ${id}`)
        .execute();
    await expect(tried(async (unit) => void (await rows(unit)))).rejects.toThrow(failing);
  });

  it.runIf(dialect === 'sqlite')('a column of ids takes nothing else', async () => {
    const { engine } = platform.database;
    const insert = (value: unknown) =>
      engine.write({ door: 'system', principal: null, organizationId: null, userId: null }, (connection) =>
        connection.execute(`insert into counters (organization_id, name, value) values (?, 'task', 1)`, [value]),
      );
    for (const value of ['an organization', Buffer.alloc(15)]) await expect(insert(value)).rejects.toThrow('CHECK');
  });
});
