import { describe, expect, it } from 'vitest';
import { tables } from '../platform.ts';
import { dialects } from '../testing/databases.ts';
import type { Connection } from './engine.ts';
import { columnsOf } from './entity-columns.ts';
import { TableWriter } from './writes.ts';

/** What SQLite takes in one statement, which is less than PostgreSQL takes. */
const mostParameters = 32_766;

describe.each(dialects)('the statements of every table on %s', (dialect) => {
  const entities = tables.map(({ entity }) => columnsOf(entity));

  it.each(entities.map((entity) => [entity.table, entity] as const))(
    'stay within the parameters of the database, however many rows are written: %s',
    async (_name, entity) => {
      const counts: number[] = [];
      const connection: Pick<Connection, 'execute'> = {
        async execute(_sql, parameters) {
          counts.push(parameters.length);
          return { columns: [], rows: [], written: 0 };
        },
      };
      const writer = new TableWriter(dialect, entity);
      const rows = Array.from({ length: 20_000 }, () => ({}));
      await writer.insert(connection as Connection, rows);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rows.length * entity.columns.length);
      const [key = ''] = entity.primaryKeys;
      await writer.update(connection as Connection, { [key]: rows.map(String) }, {});
      await writer.delete(connection as Connection, { [key]: rows.map(String) });
      expect(Math.max(...counts)).toBeLessThanOrEqual(mostParameters);
    },
  );
});
