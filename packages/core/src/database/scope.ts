import { isUuid } from '../kernel/ids.ts';
import type { Principal } from '../kernel/principal.ts';
import type { TableKind } from './table.ts';

/**
 * In whose name a transaction runs. The request role sees the rows of one organization and one user; the identity door those
 * tables that must be known before there is an organization; the system door everything.
 */
export interface DatabaseScope {
  readonly door: 'request' | 'identity' | 'system';
  readonly principal: Principal | null;
  readonly organizationId: string | null;
  readonly userId: string | null;
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
});

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

/** The property by which a row of this kind belongs to the scope, and what it must be; null where the table's wall says more. */
export function ownColumn(
  kind: TableKind | undefined,
  scope: DatabaseScope,
): { column: 'organizationId' | 'userId'; id: string | null } | null {
  if (kind === 'tenant') return { column: 'organizationId', id: scope.organizationId };
  if (kind === 'person') return { column: 'userId', id: scope.userId };
  return null;
}
