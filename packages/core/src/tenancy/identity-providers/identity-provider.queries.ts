import { type InferResult, sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { oidcCallbackUrl, oidcLogoutUrl } from '../../identity/index.ts';
import type { Page } from '../../kernel/schemas.ts';
import type { CoreSettings } from '../../kernel/settings.ts';
import { identityProviderErrors } from './identity-provider.errors.ts';
import type { IdentityProvider, IdentityProviderId, IdentityProviderListInput } from './identity-provider.schema.ts';

const columns = [
  'identity_providers.id',
  'identity_providers.label',
  'identity_providers.issuer',
  'identity_providers.client_id as clientId',
  'identity_providers.client_secret as clientSecret',
  'identity_providers.scopes',
  'identity_providers.enabled',
  'identity_providers.create_members as createMembers',
  'identity_providers.default_role_id as defaultRoleId',
  'identity_providers.role_claim as roleClaim',
  'identity_providers.created_by_id as createdById',
  'users.username',
  'users.full_name as fullName',
  'identity_providers.created_at as createdAt',
  'identity_providers.updated_at as updatedAt',
  'identity_providers.version',
] as const;

/** Also used behind the identity door, which has no walls, so it names the organization. */
const providersOf = (db: ReadDoor, organizationId: string) =>
  db
    .selectFrom('identity_providers')
    .innerJoin('users', 'users.id', 'identity_providers.created_by_id')
    .where('identity_providers.organization_id', '=', organizationId);

const rowsOf = (db: ReadDoor, organizationId: string) => providersOf(db, organizationId).select(columns);
type Row = InferResult<ReturnType<typeof rowsOf>>[number];

export type RoleMapping = IdentityProvider['roleMappings'][number];

const byValue = (one: RoleMapping, other: RoleMapping): number =>
  one.value === other.value ? (one.roleId < other.roleId ? -1 : 1) : one.value < other.value ? -1 : 1;

/** Sorts mappings, so that answers and events always show them in the same order. */
export const sorted = (mappings: readonly RoleMapping[]): RoleMapping[] =>
  mappings.map(({ value, roleId }) => ({ value, roleId })).toSorted(byValue);

/** Returns the role mappings of an organization's providers, by provider id. */
export async function mappingsOf(
  db: ReadDoor,
  organizationId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RoleMapping[]>> {
  const rows = await db
    .selectFrom('identity_provider_roles as mappings')
    .select(['mappings.identity_provider_id as id', 'mappings.claim_value as value', 'mappings.role_id as roleId'])
    .where('mappings.organization_id', '=', organizationId)
    .where(anyOf(db.dialect, 'mappings.identity_provider_id', ids))
    .execute();
  return new Map(ids.map((id) => [id, sorted(rows.filter((row) => row.id === id))]));
}

function providerFrom(settings: CoreSettings, row: Row, roleMappings: RoleMapping[]): IdentityProvider {
  const { clientSecret, createdById, username, fullName, createdAt, updatedAt, version, ...shown } = row;
  return {
    ...shown,
    hasClientSecret: clientSecret !== null,
    roleMappings,
    redirectUri: oidcCallbackUrl(settings, row.id),
    backchannelLogoutUri: oidcLogoutUrl(settings, row.id),
    createdBy: { id: createdById, username, fullName },
    createdAt,
    updatedAt,
    version,
  };
}

/** @throws `identity_provider_not_found` */
export async function providerById(
  ctx: ServiceContext,
  db: ReadDoor,
  organizationId: string,
  id: string,
): Promise<IdentityProvider> {
  const row = await rowsOf(db, organizationId).where('identity_providers.id', '=', id).executeTakeFirst();
  if (!row) throw identityProviderErrors.identity_provider_not_found();
  return providerFrom(ctx.settings, row, (await mappingsOf(db, organizationId, [id])).get(id) ?? []);
}

/** @throws `permission_denied`, `identity_provider_not_found` */
export async function getIdentityProvider(ctx: ServiceContext, { id }: IdentityProviderId): Promise<IdentityProvider> {
  authorize(ctx, 'identity_provider:read');
  const { organizationId } = ctx.principal;
  return read(ctx, (db) => providerById(ctx, db, organizationId, id));
}

/** Lists the identity providers of the organization. */
export async function listIdentityProviders(
  ctx: ServiceContext,
  input: IdentityProviderListInput,
): Promise<Page<IdentityProvider>> {
  authorize(ctx, 'identity_provider:read');
  const { organizationId } = ctx.principal;
  const order = orderOf(
    input.sort,
    { createdAt: { by: sql`identity_providers.created_at` } },
    sql`identity_providers.id`,
  );
  const request = pageRequest(ctx, 'identity-providers', input.sort, input);
  return read(ctx, async (db) => {
    const { rows, nextCursor } = await readPage(rowsOf(db, organizationId), order, request);
    const ids = rows.map(({ id }) => id);
    const mappings = await mappingsOf(db, organizationId, ids);
    const data = rows.map(({ sortValue: _sortValue, ...row }) =>
      providerFrom(ctx.settings, row, mappings.get(row.id) ?? []),
    );
    return { data, nextCursor, ...(input.total ? { total: await countOf(providersOf(db, organizationId)) } : {}) };
  });
}
