import { defineEntity, p } from '@mikro-orm/core';
import { id } from './columns.ts';
import { defineTable } from './table.ts';

/** Numbers that count up for ever, one row for each thing that is counted in an organization. */
const CounterEntity = defineEntity({
  name: 'Counter',
  tableName: 'counters',
  properties: {
    organizationId: id().primary(),
    name: p.string().primary(),
    value: p.integer(),
  },
});

export const counterTable = defineTable(CounterEntity, { kind: 'tenant', withoutRowid: true });
