import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrganization, createTestPlatform, dialects, type TestPlatform } from '../testing/index.ts';
import type { ServiceContext } from './context.ts';
import { resealSecrets } from './reseal.ts';
import { currentSeal, sealedColumn } from './sealing.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from './system-door.ts';
import type { TableDefinition } from './table.ts';

const newKey = () => randomBytes(32).toString('base64');

describe.each(dialects)('sealing again on %s', (dialect) => {
  const [oldest, older, newest] = [newKey(), newKey(), newKey()];
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    for (let count = 0; count < 3; count++) await createOrganization(platform);
  });
  afterAll(() => platform.dispose());

  /** Declared as sealed here alone: one with a key of one column, one with a key of two. */
  const declared = (): ReadonlyMap<string, TableDefinition> => {
    const tables = new Map(platform.database.tables);
    for (const [name, field] of [
      ['users', 'avatarUrl'],
      ['roles', 'name'],
    ] as const) {
      const table = tables.get(name);
      if (table) tables.set(name, { ...table, sealed: [field] });
    }
    return tables;
  };
  const columnOf = (name: string, field: string) => {
    const table = declared().get(name);
    if (!table) throw new Error(`There is no table ${name}.`);
    return sealedColumn(table, field);
  };
  const context = (...encryptionKeys: string[]): ServiceContext => {
    const ctx = platform.context({ principal: null });
    return {
      ...ctx,
      settings: { ...ctx.settings, encryptionKeys },
      database: { ...platform.database, tables: declared() },
    };
  };

  const rolesNow = () =>
    readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('roles').select(['organization_id as organizationId', 'id', 'name']).orderBy('id').execute(),
    );
  const usersNow = () =>
    readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('users').select(['id', 'avatar_url as sealed']).orderBy('id').execute(),
    );
  const sealRoles = async (ctx: ServiceContext) => {
    const rows = await rolesNow();
    await writeThroughSystemDoor(ctx, async ({ db }) => {
      for (const { organizationId, id } of rows) {
        const name = columnOf('roles', 'name').seal(ctx.settings, [organizationId, id], `secret of ${id}`);
        await db.updateTable('roles').set({ name }).where('id', '=', id).execute();
      }
    });
    return rows.length;
  };
  const expectReadable = async (ctx: ServiceContext) => {
    for (const { organizationId, id, name } of await rolesNow())
      expect(columnOf('roles', 'name').unseal(ctx.settings, [organizationId, id], name)).toBe(`secret of ${id}`);
  };

  it('leaves nothing to the older keys, in batches however small', async () => {
    const count = await sealRoles(context(older));
    expect(count).toBeGreaterThan(20);

    expect(await resealSecrets(context(newest, older), 3)).toEqual({ resealed: count, unreadable: [] });

    await expectReadable(context(newest));
    const before = await rolesNow();
    expect(await resealSecrets(context(newest), 3)).toEqual({ resealed: 0, unreadable: [] });
    expect(await rolesNow()).toEqual(before);
  });

  it('goes on where it was stopped', async () => {
    const count = await sealRoles(context(older));
    const ctx = context(newest, older);
    const { database } = ctx;
    let transactions = 0;
    const breaking: ServiceContext = {
      ...ctx,
      database: {
        ...database,
        write: (scope, work) => {
          if (++transactions > 3) throw new Error('the power went out');
          return database.write(scope, work);
        },
      },
    };
    await expect(resealSecrets(breaking, 5)).rejects.toThrow('the power went out');
    await expectReadable(ctx);

    const { resealed, unreadable } = await resealSecrets(ctx, 5);
    expect(unreadable).toEqual([]);
    // Something was done before, and something was left.
    expect(resealed).toBeGreaterThan(0);
    expect(resealed).toBeLessThan(count);
    await expectReadable(context(newest));
  });

  it('passes by what has no value, and names what no key opens', async () => {
    const [first, second] = await usersNow();
    const lost = context(oldest);
    await writeThroughSystemDoor(lost, async ({ db }) => {
      const sealed = columnOf('users', 'avatarUrl').seal(lost.settings, [first?.id ?? ''], 'lost');
      for (const [id, avatar_url] of [
        [first?.id ?? '', sealed],
        // Moved from the other row: it opens there alone.
        [second?.id ?? '', columnOf('users', 'avatarUrl').seal(context(older).settings, [first?.id ?? ''], 'moved')],
      ] as const)
        await db.updateTable('users').set({ avatar_url }).where('id', '=', id).execute();
    });
    const before = await usersNow();

    const { resealed, unreadable } = await resealSecrets(context(newest, older), 1);

    expect(resealed).toBe(0);
    expect(unreadable).toEqual([
      expect.stringContaining(`users ${first?.id}: What stands in users.avatarUrl was sealed under the key`),
      expect.stringContaining(`users ${second?.id}: What stands in users.avatarUrl was sealed for another place`),
    ]);
    expect(await usersNow()).toEqual(before);
  });

  it('changes only the row that it has read, also if another one contains the same text', async () => {
    const [first, second] = (await usersNow()).map(({ id }) => id);
    const ctx = context(older);
    const sealed = columnOf('users', 'avatarUrl').seal(ctx.settings, [first ?? ''], 'copied');
    await writeThroughSystemDoor(ctx, ({ db }) =>
      db
        .updateTable('users')
        .set({ avatar_url: sealed })
        .where('id', 'in', [first ?? '', second ?? ''])
        .execute(),
    );

    await resealSecrets(context(newest, older));

    const users = new Map((await usersNow()).map((user) => [user.id, user.sealed]));
    expect(users.get(first ?? '')).toMatch(new RegExp(`^${currentSeal(context(newest).settings)}`));
    expect(users.get(second ?? '')).toBe(sealed);
  });

  it('takes back nothing that a server writes meanwhile', async () => {
    await sealRoles(context(older));
    const ctx = context(newest, older);
    const [role] = await rolesNow();
    const { id = '', organizationId = '' } = role ?? {};
    const fresh = columnOf('roles', 'name').seal(ctx.settings, [organizationId, id], 'changed');
    const { database } = ctx;
    const racing: ServiceContext = {
      ...ctx,
      database: {
        ...database,
        write: (scope, work) =>
          database.write(scope, (connection) =>
            work({
              ...connection,
              bare: {
                ...connection.bare,
                kysely: connection.bare.kysely.withPlugin({
                  transformQuery: ({ node }) => node,
                  async transformResult({ result }) {
                    if (result.rows.some((row) => row['id'] === id))
                      await connection.db.updateTable('roles').set({ name: fresh }).where('id', '=', id).execute();
                    return result;
                  },
                }),
              },
            }),
          ),
      },
    };

    const { resealed } = await resealSecrets(racing);

    const rows = await rolesNow();
    expect(resealed).toBe(rows.length - 1);
    expect(rows.find((row) => row.id === id)?.name).toBe(fresh);
    expect(rows.every(({ name }) => name.startsWith(currentSeal(ctx.settings)))).toBe(true);
  });
});
