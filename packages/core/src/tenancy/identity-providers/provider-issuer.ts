import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { instanceIssuers, oidcErrors, type OidcIssuer, providerOf } from '../../identity/index.ts';
import type { CoreSettings } from '../../kernel/settings.ts';
import { limitOf } from '../organizations/tiers.ts';
import { clientSecret } from './identity-provider.entity.ts';

/** An issuer at which an organization's people sign in, and what a sign-in does to them there. */
export interface OrganizationIssuer extends OidcIssuer {
  readonly organizationId: string;
  readonly createMembers: boolean;
  readonly defaultRoleId: string | null;
  readonly roleClaim: string | null;
  /** The user who last changed which roles it gives. */
  readonly updatedById: string;
}

export const isOrganizations = (issuer: OidcIssuer): issuer is OrganizationIssuer => issuer.organizationId !== null;

/** The enabled providers of active organizations whose tier allows them. Read behind the identity door. */
const usableProviders = (db: ReadDoor) =>
  db
    .selectFrom('identity_providers')
    .innerJoin('organizations', 'organizations.id', 'identity_providers.organization_id')
    .where('identity_providers.enabled', '=', true)
    .where('organizations.is_active', '=', true)
    .where('organizations.deleted_at', 'is', null)
    .where(limitOf('identityProviders'), '>', 0);

/** Reads the row without a cache, so that a change applies to the next sign-in. Read behind the identity door. */
export async function findOrganizationIssuer(
  db: ReadDoor,
  settings: CoreSettings,
  id: string,
): Promise<OrganizationIssuer | null> {
  const row = await usableProviders(db)
    .select([
      'identity_providers.id',
      'identity_providers.organization_id as organizationId',
      'identity_providers.label as name',
      'identity_providers.issuer',
      'identity_providers.client_id as clientId',
      'identity_providers.client_secret as sealedSecret',
      'identity_providers.scopes',
      'identity_providers.create_members as createMembers',
      'identity_providers.default_role_id as defaultRoleId',
      'identity_providers.role_claim as roleClaim',
      'identity_providers.updated_by_id as updatedById',
    ])
    .where('identity_providers.id', '=', id)
    .executeTakeFirst();
  if (!row) return null;
  const { sealedSecret, ...provider } = row;
  const key = [provider.organizationId, provider.id];
  return {
    ...provider,
    clientSecret: sealedSecret === null ? null : clientSecret.unseal(settings, key, sealedSecret),
    privateNetworks: settings.organizationIssuersInPrivateNetworks ?? false,
  };
}

/** Lists the issuers of an organization, for its sign-in buttons. An unknown organization has none. */
export const listOrganizationIssuers = (ctx: ServiceContext, organizationId: string) =>
  readThroughIdentityDoor(ctx.database, (db) =>
    usableProviders(db)
      .select(['identity_providers.id', 'identity_providers.label as name', 'identity_providers.issuer'])
      .where('identity_providers.organization_id', '=', organizationId)
      .orderBy('identity_providers.created_at')
      .orderBy('identity_providers.id')
      .execute(),
  );

/** Finds an issuer of the installation or of an organization by its id in the API. Null when nobody can sign in there. */
export async function findIssuer(ctx: ServiceContext, id: string): Promise<OidcIssuer | null> {
  const provider = providerOf(id);
  if (provider === null) return instanceIssuers(ctx.settings).find((issuer) => issuer.id === id) ?? null;
  return readThroughIdentityDoor(ctx.database, (db) => findOrganizationIssuer(db, ctx.settings, provider));
}

/** @throws `oidc_issuer_not_found` */
export async function getIssuer(ctx: ServiceContext, id: string): Promise<OidcIssuer> {
  const issuer = await findIssuer(ctx, id);
  if (!issuer) throw oidcErrors.oidc_issuer_not_found();
  return issuer;
}
