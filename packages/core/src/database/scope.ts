import { isUuid } from '../kernel/ids.ts';
import type { Principal } from '../kernel/principal.ts';
import type { Owning, TableDefinition } from './table.ts';

/**
 * In whose name a transaction runs. The request role sees the rows of one organization and one user; the identity door those
 * tables that must be known before there is an organization; the system door everything.
 */
export interface DatabaseScope {
  readonly door: 'request' | 'identity' | 'system';
  readonly principal: Principal | null;
  readonly organizationId: string | null;
  readonly userId: string | null;
  /** Whether a write may change many rows. On SQLite it then has a transaction of its own. @default false */
  readonly long?: boolean;
}

export const databaseRoles = {
  request: 'tenon_request',
  identity: 'tenon_identity',
  system: 'tenon_system',
} as const;

export function requestScope(principal: Principal | null): DatabaseScope {
  return {
    door: 'request',
    principal,
    organizationId: principal?.organizationId ?? null,
    userId: principal?.userId ?? null,
  };
}

export const doorScope = (door: 'identity' | 'system'): DatabaseScope => ({
  door,
  principal: null,
  organizationId: null,
  userId: null,
  long: door === 'system',
});

/** The role that owns the function `search_tasks`. It may read the words of tasks and nothing else. No connection acts as it. */
export const searchRole = 'tenon_search';

/**
 * The statements that put a PostgreSQL transaction into a scope. They are sent as text in one message with `begin`, so the ids
 * are checked here to be UUIDs.
 */
export function enterScopeSql(scope: DatabaseScope): string {
  const variable = (name: string, id: string | null) => {
    if (id !== null && !isUuid(id)) throw new Error(`${name} is not a UUID.`);
    return `set local app.${name} = '${id ?? ''}'`;
  };
  const role = scope.door === 'request' ? [] : [`set local role ${databaseRoles[scope.door]}`];
  return [...role, variable('organization_id', scope.organizationId), variable('user_id', scope.userId)].join('; ');
}

/** Whom rows of this owning belong to in the scope. */
const ownerIn = ({ is }: Owning, scope: DatabaseScope): string | null =>
  is === 'organization' ? scope.organizationId : scope.userId;

/** The property by which a row of the table belongs to the scope, and what it must be; null where no request writes. */
export function ownColumn(
  table: Pick<TableDefinition, 'own'> | undefined,
  scope: DatabaseScope,
): { column: string; id: string | null } | null {
  return table?.own ? { column: table.own.property, id: ownerIn(table.own, scope) } : null;
}
