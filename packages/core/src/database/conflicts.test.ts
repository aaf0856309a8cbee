import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7 } from '../kernel/ids.ts';
import { tables } from '../platform.ts';
import { createTestDatabase, type TestDatabase } from '../testing/databases.ts';
import { type Database, openDatabase } from './database.ts';
import type { Connection } from './engine.ts';
import { doorScope } from './scope.ts';

/** Resolves for everybody once that many have come. */
function meetingOf(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let come = 0;
  return () => {
    if (++come === count) resolve();
    return promise;
  };
}

describe('conflicts of transactions on PostgreSQL', () => {
  let test: TestDatabase;
  let database: Database;
  const organizationId = uuidv7();
  const system = doorScope('system');

  beforeAll(async () => {
    test = await createTestDatabase('postgresql');
    database = await openDatabase({ url: test.url, tables, visibility: () => 'all' });
    for (const name of ['first', 'second'])
      await database.write(system, ({ bare }) =>
        bare.execute('insert into counters (organization_id, name, value) values ($1, $2, 0)', [organizationId, name]),
      );
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  const raise = (connection: Connection, name: string) =>
    connection.execute('update counters set value = value + 1 where organization_id = $1 and name = $2', [
      organizationId,
      name,
    ]);
  const values = async () => {
    const rows = await database.read(system, (db) =>
      db.selectFrom('counters').select(['name', 'value']).where('organization_id', '=', organizationId).execute(),
    );
    return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  };

  it('are tried again after a deadlock', async () => {
    const meet = meetingOf(2);
    let tries = 0;
    const inOrder = (...names: [string, string]) =>
      database.write(system, async ({ bare }) => {
        tries++;
        await raise(bare, names[0]);
        await meet();
        await raise(bare, names[1]);
      });
    await Promise.all([inOrder('first', 'second'), inOrder('second', 'first')]);
    expect(tries).toBe(3);
    expect(await values()).toEqual({ first: 2, second: 2 });
  });

  it('are tried again when a row has gone that was checked before', async () => {
    const id = uuidv7();
    await database.write(system, ({ bare }) =>
      bare.execute(
        `insert into events (id, organization_id, type, entity_type, entity_id, request_id, payload_hash, at)
         values ($1, $2, 'a.b', 'a', $1, 'r', 'h', now())`,
        [id, organizationId],
      ),
    );
    const referring = database.write(system, async ({ bare }) => {
      const { rows } = await bare.execute('select 1 from events where id = $1', [id]);
      if (rows.length === 0) throw new Error('There is no such event.');
      await database.write(system, (other) => other.bare.execute('delete from events where id = $1', [id]));
      await bare.execute(`insert into event_payloads (event_id, salt, payload) values ($1, 's', '{}')`, [id]);
    });
    await expect(referring).rejects.toThrow('There is no such event.');
  });

  it.each([
    ['a lock that is waited for too long', `set local lock_timeout = '20ms'`],
    ['a statement that takes too long', `set local statement_timeout = '20ms'`],
  ])('are answered as busy: %s', async (_what, limit) => {
    const meet = meetingOf(2);
    const { promise: answered, resolve } = Promise.withResolvers<void>();
    const holding = database.write(system, async ({ bare }) => {
      await raise(bare, 'first');
      await meet();
      await answered;
    });
    const waiting = database.write(system, async ({ bare }) => {
      await meet();
      await bare.execute(limit, []);
      await raise(bare, 'first');
    });
    await expect(waiting).rejects.toMatchObject({ code: 'database_busy', details: { retryAfter: 1 } });
    resolve();
    await holding;
  });

  it('end when others always win', async () => {
    let tries = 0;
    const losing = database.write(system, () => {
      tries++;
      throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
    });
    await expect(losing).rejects.toMatchObject({ code: 'database_busy' });
    expect(tries).toBe(5);
  });
});
