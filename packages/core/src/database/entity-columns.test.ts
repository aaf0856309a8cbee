import { defineEntity, p } from '@mikro-orm/core';
import { expect, it } from 'vitest';
import { tables } from '../platform.ts';
import { id } from './columns.ts';
import { type ColumnType, columnsOf } from './entity-columns.ts';
import { openMigrationOrm } from './migration-orm.ts';

/** The columns of the migrations of PostgreSQL, for each type here. */
const postgresTypes: Readonly<Record<string, ColumnType>> = {
  boolean: 'boolean',
  'double precision': 'double',
  'timestamptz(3)': 'instant',
  int: 'integer',
  jsonb: 'json',
  smallint: 'smallint',
  'varchar(255)': 'string',
  text: 'text',
  uuid: 'id',
};

it('reads the same columns as the ORM, which writes the migrations', async () => {
  const orm = await openMigrationOrm('postgres://nobody@localhost/none', tables);
  const discovered = [...orm.getMetadata().getAll().values()].map((entity) => ({
    table: entity.tableName,
    columns: entity.props
      .filter(({ kind }) => kind === 'scalar')
      .map(({ name, fieldNames: [column], columnTypes: [type = ''], nullable = false, items }) => ({
        property: name,
        name: column,
        type: postgresTypes[type],
        nullable,
        values: items ?? null,
      })),
    primaryKeys: entity.primaryKeys,
  }));
  await orm.close(true);
  const read = tables.map(({ entity }) => columnsOf(entity));
  // PostgreSQL keeps hundredths as integers, and text with a list of values as text.
  const asStored = read.map((entity) => ({
    ...entity,
    columns: entity.columns.map((column) => {
      if (column.type === 'hundredths') return { ...column, type: 'integer' };
      return column.values ? { ...column, type: 'text' } : column;
    }),
  }));
  const byTable = (a: { table: string }, b: { table: string }) => (a.table < b.table ? -1 : 1);
  expect(asStored.toSorted(byTable)).toEqual(discovered.toSorted(byTable));
});

it('refuses a type that it does not know', () => {
  const entity = defineEntity({ name: 'Odd', tableName: 'odd', properties: { id: id().primary(), at: p.time() } });
  expect(() => columnsOf(entity)).toThrow('odd.at has a type that no codec reads');
});
