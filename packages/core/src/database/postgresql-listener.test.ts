import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { asSuperuser, createTestDatabase, type TestDatabase } from '../testing/databases.ts';
import { PostgresListener } from './postgresql-listener.ts';

let database: TestDatabase;
let sender: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase('postgresql');
  sender = new pg.Client({ connectionString: asSuperuser(database.url) });
  await sender.connect();
});
afterAll(async () => {
  await sender.end();
  await database.drop();
});

const send = (channel: string, payload: string) => sender.query('select pg_notify($1, $2)', [channel, payload]);

/** Sends until it arrives. */
const arrives = (channel: string, payload: string, seen: readonly string[]) =>
  expect
    .poll(async () => {
      await send(channel, payload);
      return seen.includes(payload);
    })
    .toBe(true);

it('receives what is sent to its channels, also after the connection was lost', async () => {
  const lost: Error[] = [];
  const listener = new PostgresListener({
    url: database.url,
    connectTimeout: 5,
    onConnectionError: (error) => lost.push(error),
  });
  const [one, two]: [string[], string[]] = [[], []];
  const stop = listener.listen('one', (payload) => one.push(payload));
  listener.listen('two', (payload) => two.push(payload));
  await arrives('one', 'first', one);
  await arrives('two', 'second', two);
  expect(one).not.toContain('second');

  await sender.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tenon listener'`,
  );
  await arrives('one', 'third', one);
  expect(lost.length).toBeGreaterThan(0);

  stop();
  await arrives('two', 'fourth', two);
  await send('one', 'fifth');
  await arrives('two', 'sixth', two);
  expect(one).not.toContain('fifth');
  await listener.close();
});
