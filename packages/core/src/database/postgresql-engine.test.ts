import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, createTestDatabase, type TestDatabase } from '../testing/databases.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { Connection, Engine } from './engine.ts';
import { openPostgres } from './postgresql-engine.ts';
import { mostPrepared } from './postgresql-session.ts';
import type { DatabaseScope } from './scope.ts';
import { Slot } from './statement.ts';

describe('the PostgreSQL engine', () => {
  let database: TestDatabase;
  let engine: Engine;
  let outside: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase('postgresql');
    // One connection: everybody comes after somebody else.
    engine = await openPostgres({ url: database.url, limits: { poolSize: 1 } });
    outside = new pg.Client({ connectionString: asSuperuser(database.url) });
    await outside.connect();
  });
  afterAll(async () => {
    await outside.end();
    await engine.close();
    await database.drop();
  });

  const scopeOf = (organizationId: string): DatabaseScope => ({
    door: 'request',
    principal: null,
    organizationId,
    userId: uuidv7(),
  });
  const setting = async (connection: Connection) =>
    (await connection.execute(`select current_setting('app.organization_id', true)`, [])).rows[0]?.[0];
  const states = async () => {
    const { rows } = await outside.query<{ state: string }>(
      `select state from pg_stat_activity where application_name = 'tenon' and datname = current_database()`,
    );
    return rows.map(({ state }) => state);
  };

  it('gives each of many that share a connection their own scope', async () => {
    const ids = Array.from({ length: 40 }, () => uuidv7());
    const seen = await Promise.all(
      ids.map((id, at) => (at % 4 === 0 ? engine.write(scopeOf(id), setting) : engine.read(scopeOf(id), setting))),
    );
    expect(seen).toEqual(ids);
  });

  it('lets no read write, and goes on after one that failed', async () => {
    const id = uuidv7();
    const results = await Promise.allSettled([
      engine.read(scopeOf(id), (connection) => connection.execute(`delete from tasks`, [])),
      engine.read(scopeOf(id), setting),
    ]);
    expect(results).toEqual([
      {
        status: 'rejected',
        reason: expect.objectContaining({ message: expect.stringMatching(/read-only transaction/) }),
      },
      { status: 'fulfilled', value: id },
    ]);
  });

  it('keeps its connection when somebody asks for a scope that there cannot be', async () => {
    await expect(engine.read(scopeOf(`' or true; --`), setting)).rejects.toThrow('organization_id is not a UUID.');
    const id = uuidv7();
    expect(await engine.read(scopeOf(id), setting)).toBe(id);
  });

  it('ends a read that nothing follows', async () => {
    await engine.read(scopeOf(uuidv7()), setting);
    for (let tries = 0; tries < 100 && (await states()).some((state) => state !== 'idle'); tries++) await delay(20);
    expect(await states()).toEqual(['idle']);
  });

  it('binds a list once that stands in a statement twice', async () => {
    await engine.read(scopeOf(uuidv7()), async ({ kysely }) => {
      const [first, second] = [new Slot('ids') as unknown, new Slot('ids') as unknown] as [string, string];
      const { sql, parameters } = kysely
        .selectFrom('tasks')
        .select('id')
        .where('id', '=', first)
        .where('parent_id', '=', second)
        .where('team_id', '=', first)
        .where('title', '=', 'first')
        .where('description', '=', 'first')
        .compile();
      expect(parameters).toEqual([first, second, 'first', 'first']);
      expect(sql).toContain(
        '"id" = $1 and "parent_id" = $2 and "team_id" = $1 and "title" = $3 and "description" = $4',
      );
    });
  });

  it('sends commit with the last statements, and nothing after it', async () => {
    const late = engine.write(scopeOf(uuidv7()), async (connection) => {
      connection.sendCommit?.();
      await connection.execute('select 1', []);
    });
    await expect(late).rejects.toThrow('A statement must not follow the commit.');
    const id = uuidv7();
    expect(await engine.write(scopeOf(id), setting)).toBe(id);
  });

  it('throws when a transaction could not commit because an error was ignored', async () => {
    const ignoring = engine.write(scopeOf(uuidv7()), async (connection) => {
      await connection.execute('select 1 / 0', []).catch(() => {});
    });
    await expect(ignoring).rejects.toThrow('The transaction was rolled back, because a statement had failed.');
  });

  it('keeps those statements prepared that were used last, and frees the others', async () => {
    const often = (at: number) => `select $1::int + ${at % 50} as often`;
    const prepared = await engine.read(scopeOf(uuidv7()), async (connection) => {
      for (let at = 0; at < 3000; at++)
        await Promise.all([
          connection.execute(`select $1::int + ${at} as rare`, [1]),
          connection.execute(often(at), [1]),
        ]);
      const { rows } = await connection.execute('select name, statement from pg_prepared_statements', []);
      return rows.map(([name, text]) => ({ name, text }));
    });
    expect(prepared).toHaveLength(mostPrepared);
    const texts = prepared.map(({ text }) => text);
    for (let at = 0; at < 50; at++) expect(texts).toContain(often(at));
    expect(texts).not.toContain('select $1::int + 0 as rare');
    expect(texts).toContain('select $1::int + 2999 as rare');
    expect(new Set(prepared.map(({ name }) => name)).size).toBe(mostPrepared);
  });
});
