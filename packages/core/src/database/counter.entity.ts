import { defineEntity, p } from '@mikro-orm/core';
import { id } from './columns.ts';
import type { Columns } from './schema.ts';
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

declare module './schema.ts' {
  interface Tables {
    counters: Columns<typeof CounterEntity>;
  }
}

export const counterTable = defineTable(CounterEntity, { kind: 'tenant' });
