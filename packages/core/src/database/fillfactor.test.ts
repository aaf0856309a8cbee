import pg from 'pg';
import { expect, it } from 'vitest';
import { tables } from '../platform.ts';
import { asSuperuser, createTestDatabase } from '../testing/databases.ts';

it('is in PostgreSQL what the tables declare', async () => {
  const database = await createTestDatabase('postgresql');
  const client = new pg.Client({ connectionString: asSuperuser(database.url) });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; options: string[] }>(
      `select relname as name, reloptions as options from pg_class
       where relnamespace = 'public'::regnamespace and relkind = 'r' and reloptions is not null`,
    );
    const declared = tables.flatMap(({ name, fillfactor }) =>
      fillfactor === undefined ? [] : [{ name, options: [`fillfactor=${fillfactor}`] }],
    );
    expect(declared).not.toEqual([]);
    expect(rows).toEqual(declared);
  } finally {
    await client.end();
    await database.drop();
  }
});
