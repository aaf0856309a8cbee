import { DummyDriver, Kysely, sql, SqliteAdapter, SqliteIntrospector } from 'kysely';
import { expect, test } from 'vitest';
import { SqliteCompiler } from './sqlite-compiler.ts';

const db = new Kysely<{ tasks: { number: number } }>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteCompiler(() => undefined),
  },
});

test('SQLite is not told a bound limit, for which it would plan the statement each time', () => {
  const { sql: text, parameters } = db.selectFrom('tasks').select('number').limit(50).compile();
  expect([text, parameters]).toEqual(['select "number" from "tasks" limit ? + 0', [50]]);
});

test('SQLite is told a limit that never changes', () => {
  const { sql: text } = db.selectFrom('tasks').select('number').limit(sql.lit(1)).compile();
  expect(text).toBe('select "number" from "tasks" limit 1');
});
