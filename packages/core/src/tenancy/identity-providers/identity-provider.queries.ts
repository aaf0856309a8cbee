import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import type { Row } from '../../database/schema.ts';
import { anyOf } from '../../database/sql.ts';
import { oidcCallbackUrl, oidcLogoutUrl } from '../../identity/index.ts';
import type { ById, Page } from '../../kernel/schemas.ts';
import type { IdentityProviderEntity } from './identity-provider.entity.ts';
import { identityProviderErrors, identityProviders } from './identity-provider.record.ts';
import type { IdentityProvider, IdentityProviderListInput } from './identity-provider.schema.ts';

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

/** Shows providers in the shape of the wire: of the client secret only whether there is one. */
async function showProviders(
  { settings }: ServiceContext,
  db: ReadDoor,
  organizationId: string,
  rows: readonly Pick<Row<typeof IdentityProviderEntity>, 'id' | 'clientSecret'>[],
): Promise<IdentityProvider[]> {
  const ids = rows.map(({ id }) => id);
  const mappings = await mappingsOf(db, organizationId, ids);
  return rows.map((row) =>
    identityProviders.show(row, {
      hasClientSecret: row.clientSecret !== null,
      roleMappings: mappings.get(row.id),
      redirectUri: oidcCallbackUrl(settings, row.id),
      backchannelLogoutUri: oidcLogoutUrl(settings, row.id),
    }),
  );
}

/** @throws `identity_provider_not_found` */
export async function providerById(
  ctx: ServiceContext,
  db: ReadDoor,
  organizationId: string,
  id: string,
): Promise<IdentityProvider> {
  const query = identityProviders.matching(db, { organizationId, id });
  const rows = await identityProviders.select(query, 'clientSecret', 'createdById').execute();
  const [provider] = await showProviders(ctx, db, organizationId, rows);
  if (!provider) throw identityProviderErrors.identity_provider_not_found();
  return provider;
}

/** @throws `permission_denied`, `identity_provider_not_found` */
export async function getIdentityProvider(ctx: ServiceContext, { id }: ById): Promise<IdentityProvider> {
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
  return read(ctx, (db) =>
    identityProviders.page(ctx, db, input, identityProviders.from(db), 'identity-providers', (rows) =>
      showProviders(ctx, db, organizationId, rows),
    ),
  );
}
