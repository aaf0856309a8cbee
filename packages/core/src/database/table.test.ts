import { defineEntity } from '@mikro-orm/core';
import { expect, it } from 'vitest';
import { id } from './columns.ts';
import { defineTable } from './table.ts';

const entity = defineEntity({ name: 'Badge', tableName: 'badges', properties: { id: id().primary() } });
const wall = '{table}.id = {user}';
const own = { property: 'id', is: 'user' } as const;

it('a table of members declares its wall and its owner, as its kind implies neither', () => {
  expect(() => defineTable(entity, { kind: 'membership', own })).toThrow('must state its wall');
  expect(() => defineTable(entity, { kind: 'membership', wall })).toThrow('must state its owner');
  expect(defineTable(entity, { kind: 'membership', wall, own })).toMatchObject({ wall, checkWall: wall, own });
});
