import { expect, it } from 'vitest';
import { columnsOf } from '../database/entity-columns.ts';
import type { TableDefinition } from '../database/table.ts';
import { tables } from '../platform.ts';

/** The columns with ids of users that are no references, so that rows outlive the user. The ids lead nowhere then. */
const outliving = [
  // Deleted after the days that the organization has chosen.
  'api_requests.userId',
  // The log is append-only.
  'events.actorId',
  // Deleted within a day, and seven days after they end.
  'idempotency_keys.userId',
  'jobs.userId',
  // Whoever did it is shown by their present name, or by none.
  'notifications.actorId',
  // Deleted with the session.
  'oidc_sessions.userId',
  'organizations.updatedById',
  'refresh_tokens.userId',
  'role_assignments.createdById',
];

const namesUser = (property: string): boolean => /^(actorId|userId|\w+UserId|\w+ById)$/.test(property);

it('deleting a user is dealt with in every table: its rows go too, or refuse it, or are listed here', () => {
  const found = tables.flatMap(({ name, entity, references = [] }: TableDefinition) =>
    columnsOf(entity)
      .columns.filter(({ property }) => namesUser(property))
      .filter(({ property }) => !references.some(({ columns }) => columns.at(-1) === property))
      .map(({ property }) => `${name}.${property}`),
  );
  expect(found.toSorted()).toEqual(outliving);
});
