import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { statement } from '../../database/statement.ts';
import type { JobRun } from '../../jobs/index.ts';
import { DomainError, errors } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { loadPrincipal } from './principal.ts';

interface Started extends Readonly<Record<string, unknown>> {
  userId: string;
  apiKeyId: string | null;
}

const activeStarter = statement((db, { userId, apiKeyId }: Started) =>
  db
    .selectFrom('users')
    .leftJoin('api_keys', (join) =>
      join
        .onRef('api_keys.user_id', '=', 'users.id')
        .on('api_keys.id', '=', apiKeyId)
        .on('api_keys.is_active', '=', true),
    )
    .select([
      'users.email_verified_at as emailVerifiedAt',
      'api_keys.id as keyId',
      'api_keys.organization_id as organizationId',
      'api_keys.scopes',
    ])
    .where('users.id', '=', userId)
    .where('users.is_active', '=', true),
);

/**
 * Loads who started a job, with what they may do now. An API key that has expired does not stop the job that it started in time;
 * one that was switched off or deleted does.
 * @throws `permission_denied` when they may no longer act in the organization
 */
export async function jobPrincipal(
  ctx: ServiceContext,
  { starter, organizationId }: Pick<JobRun, 'starter' | 'organizationId'>,
): Promise<Principal> {
  if (!starter || organizationId === null) throw new Error('Nobody has started this job.');
  const { userId, apiKeyId } = starter;
  const [row] = await readThroughIdentityDoor(ctx.database, (db) => db.run(activeStarter, { userId, apiKeyId }));
  const refused = (cause?: unknown) =>
    errors.permission_denied({ message: 'Whoever started this may no longer act in the organization.', cause });
  if (!row || row.keyId !== apiKeyId) throw refused();
  const identity = {
    userId,
    sessionId: null,
    emailVerified: row.emailVerifiedAt !== null,
    activeOrganizationId: organizationId,
    sessionStartedAt: null,
    ...(row.keyId !== null &&
      row.organizationId !== null && {
        apiKey: { id: row.keyId, organizationId: row.organizationId, scopes: new Set(row.scopes ?? []) },
      }),
  };
  return loadPrincipal(ctx.database, ctx.clock, identity, 'required', { path: organizationId }).catch(
    (error: unknown) => {
      throw error instanceof DomainError && error.kind !== 'unavailable' ? refused(error) : error;
    },
  );
}
