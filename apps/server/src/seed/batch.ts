import type { ServiceContext } from '@tenon/core';

/**
 * Runs many mutations of one actor in one transaction, so that they wait for the disk once and not each by itself. All of them
 * are kept, or none.
 *
 * @param ctx its principal acts in all of them
 * @param work gets a function that makes a context join the transaction
 */
export function inOneTransaction<T>(
  ctx: ServiceContext,
  work: (join: (ctx: ServiceContext) => ServiceContext) => Promise<T>,
): Promise<T> {
  const { database, principal } = ctx;
  const organizationId = principal?.organizationId ?? null;
  const scope = { door: 'request', principal, organizationId, userId: principal?.userId ?? null } as const;
  return database.write(scope, (connection) =>
    work((joining) => ({
      ...joining,
      database: { ...database, write: (_scope, mutation) => mutation(connection) },
    })),
  );
}
