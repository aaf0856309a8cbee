import { defineEntity, p } from '@mikro-orm/core';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../testing/index.ts';
import { decoders } from './codecs.ts';
import { id, instant } from './columns.ts';
import { openDatabase } from './database.ts';
import { isoOf } from './instants.ts';
import { defineTable } from './table.ts';

test('instants read as a Date writes them', () => {
  const farthest = 8.64e15;
  // A stride that no unit of time divides, over all that a Date holds, and closely around the present.
  const far = Array.from({ length: 20_000 }, (_, index) => -farthest + index * 863_999_999_989);
  const near = Array.from({ length: 20_000 }, (_, index) => 1_780_000_000_000 + index * 86_399_989);
  const instants = [...far, ...near, 0, -1, 86_399_999, 86_400_000, -farthest, farthest];
  expect(instants.filter((instant) => isoOf(instant) !== new Date(instant).toISOString())).toEqual([]);
  expect(() => isoOf(farthest + 86_400_000)).toThrow(RangeError);
});

test.each([
  ['2026-01-31 09:00:00+00', '2026-01-31T09:00:00.000Z'],
  ['2026-01-31 09:00:00.1+00', '2026-01-31T09:00:00.100Z'],
  ['2026-01-31 09:00:00.12+00', '2026-01-31T09:00:00.120Z'],
  ['2026-01-31 09:00:00.123+00', '2026-01-31T09:00:00.123Z'],
  ['2026-01-31 09:00:00.123456+00', '2026-01-31T09:00:00.123Z'],
])('PostgreSQL writes %s, the wire says %s', (written, said) => {
  expect(decoders.instant.postgresql(written)).toBe(said);
});

test('a database whose tables give two types to one name is refused', async () => {
  const dated = defineEntity({
    name: 'Dated',
    tableName: 'dated',
    properties: { id: id().primary(), due: instant() },
  });
  const flagged = defineEntity({
    name: 'Flagged',
    tableName: 'flagged',
    properties: { id: id().primary(), due: p.boolean() },
  });
  const tables = [dated, flagged].map((entity) => defineTable(entity, { kind: 'system' }));
  const database = await createTestDatabase('sqlite');
  const open = (some: typeof tables) => openDatabase({ url: database.url, tables: some, visibility: () => 'none' });
  await expect(open(tables)).rejects.toThrow('has another type than a column of the same name elsewhere');
  await (await open(tables.slice(1))).close();
  await database.drop();
});
