import type { PolicyDef } from '@mikro-orm/core';
import { databaseRoles } from './scope.ts';
import type { TableDefinition } from './table.ts';

/** A sub-select is asked once a statement; without it the setting is read and cast for every row. */
const variable = (name: string) => `(select nullif(current_setting('app.${name}', true), '')::uuid)`;

const fill = (template: string, table: string): string =>
  template
    .replaceAll('{table}', table)
    .replaceAll('{organization}', variable('organization_id'))
    .replaceAll('{user}', variable('user_id'));

/** The row-level security of a table: the wall of its declaration for the request role, and a door each for the two others. */
export function policiesOf(table: TableDefinition): PolicyDef[] {
  const policies: PolicyDef[] = [
    { name: `${table.name}_system`, roles: [databaseRoles.system], using: 'true', check: 'true' },
  ];
  if (table.identityDoor)
    policies.push({ name: `${table.name}_identity`, roles: [databaseRoles.identity], using: 'true', check: 'true' });
  if (table.wall)
    policies.push({
      name: `${table.name}_request`,
      roles: [databaseRoles.request],
      using: fill(table.wall, table.name),
      check: fill(table.checkWall, table.name),
    });
  return policies;
}

/** What each role may do with the table at all. */
export function grantsOf(table: TableDefinition): string[] {
  const change = table.insertOnly ? 'select, insert' : 'select, insert, update, delete';
  return [
    `grant select, insert, update, delete on "${table.name}" to ${databaseRoles.system}`,
    ...(table.identityDoor ? [`grant ${change} on "${table.name}" to ${databaseRoles.identity}`] : []),
    ...(table.wall ? [`grant ${change} on "${table.name}" to ${databaseRoles.request}`] : []),
  ];
}
