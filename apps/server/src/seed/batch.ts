import type { ServiceContext } from '@tenon/core';

/**
 * Runs many mutations of one actor in one transaction: the disk is waited for once, not for each. All of them or none are kept.
 *
 * @param ctx whose principal acts in all of them
 * @param work is given what makes a context join the transaction
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
