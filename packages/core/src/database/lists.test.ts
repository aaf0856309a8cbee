import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tables } from '../platform.ts';
import { createTestPlatform, dialects, type TestPlatform } from '../testing/index.ts';
import { createWorld, type World } from '../testing/world.ts';
import { columnsOf } from './entity-columns.ts';
import { writeThroughSystemDoor } from './system-door.ts';
import type { TableDefinition } from './table.ts';

class Undo extends Error {}

describe.each(dialects)('rows that are written in a list on %s', (dialect) => {
  let platform: TestPlatform;
  let world: World;
  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    world = await createWorld(platform);
  });
  afterAll(() => platform.dispose());

  /** The rows of the other tables are all key. */
  const changing = tables
    .map((table: TableDefinition) => [table.name, table, columnsOf(table.entity)] as const)
    .filter(([, , { columns, primaryKeys }]) => columns.length > primaryKeys.length);

  it.each(changing)('keep the value of each column of %s', async (name, table, { columns, primaryKeys }) => {
    const { version: _, ...row } = world.row(name);
    const undone = writeThroughSystemDoor(platform.context({ principal: null }), async (unit) => {
      const read = () =>
        unit.db
          .selectFrom(name as 'tasks')
          .selectAll()
          .execute();
      const before = await read();
      expect(await unit.updateList(table.entity, primaryKeys, [row])).toBe(1);
      const raised = columns.some((column) => column.name === 'version');
      const expected = before.map((one) => (raised ? { ...one, version: one.version + 1 } : one));
      expect(await read()).toEqual(expected);
      throw new Undo();
    });
    await expect(undone).rejects.toThrow(Undo);
  });
});
