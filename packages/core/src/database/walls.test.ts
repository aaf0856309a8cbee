import { expressionBuilder, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltInRoleKey } from '../access/index.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { tables } from '../platform.ts';
import { createTestPlatform, type TestPlatform } from '../testing/index.ts';
import { createWorld, columnsIn, principalWith, type World, type WorldRow } from '../testing/world.ts';
import { columnName } from './columns.ts';
import type { Door } from './door.ts';
import type { EntityColumn } from './entity-columns.ts';
import { readThroughIdentityDoor } from './identity-door.ts';
import { read, type ReadDoor } from './read-door.ts';
import { countAll } from './sql.ts';
import { statement } from './statement.ts';
import type { OwnFacts, TableDefinition } from './table.ts';
import { mutate, type Unit } from './unit-of-work.ts';

/*
 * The walls that hold on SQLite, where no policy of the database stands behind them. One test a wall and table; the tables are
 * those that there are.
 */

const named = tables.map((table: TableDefinition) => [table.name, table] as const);
const reached = named.filter(([, { kind }]) => kind !== 'system');
const owned = named.filter(([, { own }]) => own !== null);

let platform: TestPlatform;
let here: World;
let there: World;

beforeAll(async () => {
  platform = await createTestPlatform('sqlite');
  here = await createWorld(platform);
  there = await createWorld(platform);
});
afterAll(() => platform.dispose());

const context = (world: World = here) => platform.context({ principal: world.principal() });

/** The key of a row as the database names it. */
function keyOf(table: string, row: WorldRow): Record<string, unknown> {
  const { primaryKeys } = columnsIn(platform, table);
  return Object.fromEntries(primaryKeys.map((name) => [columnName(name), row[name]]));
}

/** The rows of some that are one world's. */
const of = (world: World, table: string, rows: readonly object[]) => {
  const key = keyOf(table, world.row(table));
  return rows.filter((row) => Object.entries(key).every(([name, value]) => Reflect.get(row, name) === value));
};

/** Tables are named at run time here, so their columns have no types. */
const from = (db: ReadDoor, table: string) => db.selectFrom(table as 'tasks');

class Undo extends Error {}

/** What work answers inside a unit that is rolled back. */
async function tried<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
  let answer: { value: T } | undefined;
  await mutate(context(), async (unit) => {
    answer = { value: await work(unit) };
    throw new Undo();
  }).catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error;
  });
  if (!answer) throw new Error('Nothing was tried.');
  return answer.value;
}

const matching = (key: Record<string, unknown>) =>
  expressionBuilder<Record<string, unknown>>().and(
    Object.entries(key).map(([name, value]) => expressionBuilder()(sql.ref(name), '=', value)),
  );

async function updated(db: Door, table: string, world: World): Promise<bigint> {
  const key = keyOf(table, world.row(table));
  const own = platform.database.tables.get(table)?.own?.property;
  const column = columnsIn(platform, table).columns.find(({ property }) => property !== own)?.name ?? '';
  const query = db.updateTable(table as 'tasks').set({ [column]: sql.ref(column) } as never);
  return (await query.where(matching(key)).executeTakeFirstOrThrow()).numUpdatedRows;
}

async function deleted(db: Door, table: string, world: World): Promise<bigint> {
  const query = db.deleteFrom(table as 'tasks').where(matching(keyOf(table, world.row(table))));
  return (await query.executeTakeFirstOrThrow()).numDeletedRows;
}

describe('the read door', () => {
  it.each(reached)('hides foreign rows of %s', async (table) => {
    const rows = await read(context(), (db) => from(db, table).selectAll().execute());
    expect(of(here, table, rows)).toHaveLength(1);
    expect(of(there, table, rows)).toHaveLength(0);
  });

  it.each(reached)('hides foreign rows of %s in a join', async (table) => {
    const rows = await read(context(), (db) =>
      from(db, 'users as base')
        .innerJoin(`${table} as joined` as 'tasks as joined', (join) => join.onTrue())
        .selectAll('joined')
        .execute(),
    );
    expect(of(here, table, rows)).toHaveLength(1);
    expect(of(there, table, rows)).toHaveLength(0);
  });

  it.each(reached)('hides foreign rows of %s in a sub-query', async (table) => {
    const [row] = await read(context(), (db) =>
      from(db, 'users as base')
        .select((query) =>
          query
            .selectFrom(`${table} as inner` as 'tasks as inner')
            .select(countAll().as('n'))
            .as('n'),
        )
        .execute(),
    );
    expect(row).toEqual({ n: 1 });
  });

  it.each(reached)('hides foreign rows of %s from a statement that was compiled for somebody else', async (table) => {
    const all = statement((db, _values: Record<string, never>) => db.selectFrom(table as 'tasks').selectAll());
    for (const [own, other] of [
      [here, there],
      [there, here],
    ] as const) {
      const rows = await read(context(own), (db) => db.run(all, {}));
      expect(of(own, table, rows)).toHaveLength(1);
      expect(of(other, table, rows)).toHaveLength(0);
    }
  });

  it.each(reached)('updates no foreign row of %s', async (table) => {
    expect(await tried(({ db }) => updated(db, table, here))).toBe(1n);
    expect(await tried(({ db }) => updated(db, table, there))).toBe(0n);
  });

  it.each(reached)('deletes no foreign row of %s', async (table) => {
    expect(await tried(({ db }) => deleted(db, table, there))).toBe(0n);
    const rows = await read(context(there), (db) => from(db, table).selectAll().execute());
    expect(of(there, table, rows)).toHaveLength(1);
  });

  it.each(owned)('adds no foreign row of %s', async (name) => {
    const add = (world: World) => {
      const row = world.another(name);
      const { columns } = columnsIn(platform, name);
      const values = Object.fromEntries(columns.map((column) => [column.name, row[column.property]]));
      return tried(({ db }) =>
        db
          .insertInto(name as 'tasks')
          .values(values as never)
          .execute(),
      ).then(
        () => 'added',
        (error: unknown) => String(error),
      );
    };
    expect(await add(there)).toContain('Refused to add a row');
    expect(await add(here)).not.toContain('Refused to add a row');
  });

  it.each(owned)('gives no own row of %s away', async (name, { own }) => {
    const column = columnName(own?.property ?? '');
    const give = tried(({ db }) =>
      db
        .updateTable(name as 'tasks')
        .set({ [column]: there.organizationId } as never)
        .execute(),
    );
    await expect(give).rejects.toThrow('Refused to give away a row');
  });

  it.each(named.filter(([, { kind }]) => kind === 'system'))('opens no %s', async (table) => {
    const refused = 'the system door only';
    await expect(read(context(), (db) => from(db, table).selectAll().execute())).rejects.toThrow(refused);
    await expect(tried(({ db }) => deleted(db, table, here))).rejects.toThrow(refused);
  });

  it('deletes own rows', async () => {
    expect(await tried(({ db }) => deleted(db, 'comments', here))).toBe(1n);
  });

  it('knows no table that is not declared', async () => {
    await expect(read(context(), (db) => from(db, 'sqlite_master').selectAll().execute())).rejects.toThrow(
      'not declared',
    );
  });
});

describe('visibility', () => {
  const narrowed = named.filter(([, { visibility }]) => visibility);

  const seenBy = async (principal: ReturnType<World['principal']>, table: string) => {
    const rows = await read(platform.context({ principal }), (db) => from(db, table).selectAll().execute());
    return of(here, table, rows).length;
  };

  it.each(narrowed)('shows of %s what is assigned to who sees only that', async (table) => {
    expect(await seenBy(here.principal('developer'), table)).toBe(1);
  });

  /** The facts on which the visibility of a table's rows depends: its own, or those of the tables that they are visible with. */
  const factsOf = ({ visibility: facts }: TableDefinition) =>
    facts?.kind === 'parent'
      ? Object.values(facts.parents).map((parent) => new Map(named).get(parent().meta.tableName)?.visibility)
      : [facts];
  const factsWhere = (matches: (facts: OwnFacts) => boolean) =>
    narrowed.filter(([, table]) => factsOf(table).some((facts) => facts?.kind !== 'own' || matches(facts)));

  const withPeople = factsWhere(({ people }) => people !== undefined);

  it.each(withPeople)('hides of %s what is not assigned to who sees only that', async (table) => {
    expect(await seenBy(principalWith('developer', there.userId, here.organizationId), table)).toBe(0);
    expect(await seenBy(principalWith('viewer', there.userId, here.organizationId), table)).toBe(1);
  });

  const withPlaces = factsWhere(({ places, shared }) => places !== undefined && !shared);
  /** A member of this organization who has a role in a team alone. */
  const inTeam = (of: World, role: BuiltInRoleKey, userId: string) => {
    const id = String(of.row('teams')['id']);
    const scope = { kind: 'team', id, place: 'team', placeIds: new Set([id]) } as const;
    const principal = principalWith(role, userId, here.organizationId);
    return { ...principal, grants: principal.grants.map((grant) => ({ ...grant, scope })) };
  };

  it.each(withPlaces)('hides of %s what is in another team', async (table) => {
    expect(await seenBy(inTeam(here, 'viewer', there.userId), table)).toBe(1);
    expect(await seenBy(inTeam(there, 'viewer', there.userId), table)).toBe(0);
  });

  it.each(withPlaces)(
    'hides of %s what is in the team and not assigned, or assigned and not in the team',
    async (table) => {
      expect(await seenBy(inTeam(here, 'developer', here.userId), table)).toBe(1);
      expect(await seenBy(inTeam(here, 'developer', there.userId), table)).toBe(0);
      expect(await seenBy(inTeam(there, 'developer', here.userId), table)).toBe(0);
    },
  );

  it.each(narrowed)('hides all of %s from who has no permission to see it', async (table) => {
    expect(await seenBy({ ...here.principal(), grants: [] }, table)).toBe(0);
  });
});

describe('the wall of writes', () => {
  const expectRefused = (work: (unit: Unit) => Promise<unknown>) => expect(tried(work)).rejects.toThrow(/^Refused to/);

  /** The key of a row, with whose it is. */
  function keyIn({ name, own }: TableDefinition, world: World) {
    const names = [...columnsIn(platform, name).primaryKeys, ...(own ? [own.property] : [])];
    return Object.fromEntries(names.map((property) => [property, world.row(name)[property]]));
  }

  /** A property that may change, and another value for it; of a row that is all key, whose it is. */
  function changeIn({ name, own }: TableDefinition): Record<string, unknown> {
    const { primaryKeys, columns } = columnsIn(platform, name);
    const may = ({ property, values }: EntityColumn) =>
      !primaryKeys.includes(property) && !values && property !== own?.property;
    for (const { property, type } of columns.filter(may)) {
      const value = there.row(name)[property];
      if (type === 'id') return { [property]: uuidv7() };
      if (typeof value === 'string') return { [property]: `${value}, changed` };
      if (value instanceof Date) return { [property]: new Date(0) };
    }
    return { [own?.property ?? primaryKeys[0] ?? '']: here.organizationId };
  }

  it.each(owned)('refuses to add a foreign row of %s', async (name, table) => {
    await expectRefused((unit) => unit.insert(table.entity, there.another(name)));
  });

  it.each(owned)('refuses to delete a foreign row of %s', async (_name, table) => {
    await expectRefused((unit) => unit.delete(table.entity, keyIn(table, there)));
  });

  it.each(owned)('refuses to change a foreign row of %s', async (_name, table) => {
    await expectRefused((unit) => unit.update(table.entity, keyIn(table, there), changeIn(table)));
  });

  it.each(owned)('refuses to change a foreign row of %s in a list', async (name, table) => {
    const { primaryKeys } = columnsIn(platform, name);
    const rows = [here, there].map((world) => ({ ...changeIn(table), ...keyIn(table, world) }));
    await expectRefused((unit) => unit.updateList(table.entity, primaryKeys, rows));
  });

  it.each(owned)('refuses to give away an own row of %s', async (name, table) => {
    const { property = '' } = table.own ?? {};
    const given = { [property]: there.row(name)[property] };
    await expectRefused((unit) => unit.update(table.entity, keyIn(table, here), given));
  });

  const byId = owned.filter(([, { own, entity }]) => own?.property !== 'id' && 'id' in entity.meta.properties);

  it.each(byId)('changes and deletes no foreign row of %s by its id alone', async (name, table) => {
    const at = { id: there.row(name)['id'] };
    expect(await tried((unit) => unit.update(table.entity, at, changeIn(table)))).toBe(0);
    expect(await tried((unit) => unit.delete(table.entity, at))).toBe(0);
  });

  it('refuses rows that a query would find, because it cannot look at them', async () => {
    const copied = tried(({ db }) =>
      db
        .insertInto('task_tags')
        .columns(['organization_id', 'task_id', 'tag_id'])
        .expression((query) => query.selectFrom('task_tags').select(['organization_id', 'task_id', 'tag_id']))
        .execute(),
    );
    await expect(copied).rejects.toThrow('Refused to add a row');
  });

  it('names no owner of rows outside an organization', async () => {
    const principal = { ...here.principal(), organizationId: null };
    const owner = mutate(platform.context({ principal }), async (unit) => unit.owner);
    await expect(owner).rejects.toThrow('Rows of an organization are written inside one');
  });

  it('has nothing against own rows', async () => {
    const { entity } = platform.database.tables.get('tags') as TableDefinition;
    const tag = here.another('tags');
    await tried(async (unit) => {
      await unit.insert(entity, tag);
      expect(await unit.update(entity, { id: tag['id'] }, { color: '#000000' })).toBe(1);
      expect(await unit.delete(entity, { id: tag['id'] })).toBe(1);
    });
  });
});

describe('references', () => {
  const references = tables.flatMap((table: TableDefinition) =>
    (table.references ?? [])
      .filter(({ columns }) => columns.length > 1)
      .map(({ columns }) => [table.name, columns.at(-1) ?? '', table] as const),
  );

  it.each(references)('of %s cannot point outside by %s', async (name, column, table) => {
    const pointing = (id: unknown) =>
      tried(async (unit) => {
        const row = { ...here.another(name), [column]: id };
        // A table of one row for each member has room for one.
        if (JSON.stringify(keyOf(name, row)) === JSON.stringify(keyOf(name, here.row(name))))
          await deleted(unit.db, name, here);
        await unit.insert(table.entity, row);
      });
    const target = table.references?.find(({ columns }) => columns.at(-1) === column)?.to().meta.tableName ?? '';
    const key = columnsIn(platform, target).primaryKeys.at(-1) ?? '';
    expect(there.row(target)[key]).toBeDefined();
    await expect(pointing(there.row(target)[key])).rejects.toThrow(/foreign key/i);
  });
});

describe('the identity door', () => {
  it.each(named)('opens %s only if it says so', async (name, { identityDoor }) => {
    const opened = await readThroughIdentityDoor(platform.database, (db) => from(db, name).selectAll().execute()).then(
      () => true,
      (error: unknown) => !String(error).includes('not behind the identity door'),
    );
    expect(opened).toBe(identityDoor ?? false);
  });
});
