import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { asSuperuser, createTestDatabase, type TestDatabase } from '../testing/databases.ts';
import { tables } from '../platform.ts';
import { type Database, openDatabase } from './database.ts';
import type { Connection } from './engine.ts';
import { doorScope } from './scope.ts';

const system = doorScope('system');

describe('a PostgreSQL that fails', () => {
  let postgres: TestDatabase;
  let database: Database;
  let outside: pg.Client;

  beforeAll(async () => {
    postgres = await createTestDatabase('postgresql');
    outside = new pg.Client({ connectionString: asSuperuser(postgres.url) });
    await outside.connect();
  });
  beforeEach(async () => {
    database = await openDatabase({
      url: postgres.url,
      tables,
      visibility: () => 'none',
      postgres: { poolSize: 2, connectTimeout: 1, lockTimeout: 1, statementTimeout: 1 },
    });
  });
  afterEach(() => database.close());
  afterAll(async () => {
    await outside.end();
    await postgres.drop();
  });

  const processOf = async (connection: Connection) =>
    Number((await connection.execute('select pg_backend_pid()', [])).rows[0]?.[0]);
  const sleep = (connection: Connection, seconds: number) =>
    connection.execute('select pg_sleep($1::float)', [seconds]);
  const read = (work: (connection: Connection) => Promise<unknown>) => database.engine.read(system, work);
  const write = (work: (connection: Connection) => Promise<unknown>) =>
    database.write(system, ({ bare }) => work(bare));
  const kill = (id: number) => outside.query('select pg_terminate_backend($1, 1000)', [id]);
  const unavailable = { code: 'database_unavailable', details: { retryAfter: 2 } };
  const busy = { code: 'database_busy', details: { retryAfter: 1 } };

  it('answers 503 when one of its processes ends, and continues with another', async () => {
    const during = write(async (connection) => {
      const id = await processOf(connection);
      await Promise.all([sleep(connection, 0.9), kill(id)]);
    });
    await expect(during).rejects.toMatchObject(unavailable);
    const between = write(async (connection) => {
      await kill(await processOf(connection));
      await sleep(connection, 0);
    });
    await expect(between).rejects.toMatchObject(unavailable);
    expect(await write(processOf)).toBeGreaterThan(0);
  });

  it('answers 503 when one of its idle processes ends', async () => {
    const id = await write(processOf);
    void kill(Number(id));
    const results = await Promise.allSettled([write(processOf), delay(100).then(() => write(processOf))]);
    const reasons = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
    for (const reason of reasons) expect(reason).toMatchObject(unavailable);
    expect(await write(processOf)).not.toBe(id);
  });

  it('answers 503 when one of its processes does not answer, and closes the connection', async () => {
    let frozen = 0;
    const waiting = write(async (connection) => {
      frozen = await processOf(connection);
      process.kill(frozen, 'SIGSTOP');
      await sleep(connection, 0);
    });
    try {
      await expect(waiting).rejects.toMatchObject(unavailable);
      expect(await write(processOf)).not.toBe(frozen);
    } finally {
      process.kill(frozen, 'SIGCONT');
    }
  }, 20_000);

  it('answers 503 when all connections are in use', async () => {
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const readers = [read(() => over), read(() => over)];
    await expect(database.read(system, async (db) => db.dialect)).rejects.toMatchObject(busy);
    await expect(write(processOf)).rejects.toMatchObject(busy);
    end();
    await Promise.all(readers);
    expect(await database.read(system, async (db) => db.dialect)).toBe('postgresql');
  });

  it('answers 503 when it ends an idle transaction', async () => {
    const idle = write(async (connection) => {
      await sleep(connection, 0);
      await delay(1200);
      await sleep(connection, 0);
    });
    await expect(idle).rejects.toMatchObject(unavailable);
  });
});
