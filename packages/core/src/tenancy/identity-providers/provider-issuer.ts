import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { instanceIssuers, oidcErrors, type OidcIssuer, providerOf } from '../../identity/index.ts';
import type { CoreSettings } from '../../kernel/settings.ts';
import { limitOf } from '../organizations/tiers.ts';
import { clientSecret } from './identity-provider.entity.ts';

/** An issuer at which an organization has its people sign in, with what that does to them there. */
export interface OrganizationIssuer extends OidcIssuer {
  readonly organizationId: string;
  readonly createMembers: boolean;
  readonly defaultRoleId: string | null;
  readonly roleClaim: string | null;
  /** Who has said last which roles it gives. */
  readonly updatedById: string;
}

export const isOrganizations = (issuer: OidcIssuer): issuer is OrganizationIssuer => issuer.organizationId !== null;

/** Identity providers that sign people in: enabled, of a living organization whose tier has them. Behind the identity door. */
const usableProviders = (db: ReadDoor) =>
  db
    .selectFrom('identity_providers')
    .innerJoin('organizations', 'organizations.id', 'identity_providers.organization_id')
    .where('identity_providers.enabled', '=', true)
    .where('organizations.is_active', '=', true)
    .where('organizations.deleted_at', 'is', null)
    .where(limitOf('identityProviders'), '>', 0);

/** What stands in the row at this moment: what is changed takes hold at the next sign-in. Behind the identity door. */
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

/** The issuers that an organization has chosen, for their buttons; none of one that nobody knows. */
export const listOrganizationIssuers = (ctx: ServiceContext, organizationId: string) =>
  readThroughIdentityDoor(ctx.database, (db) =>
    usableProviders(db)
      .select(['identity_providers.id', 'identity_providers.label as name', 'identity_providers.issuer'])
      .where('identity_providers.organization_id', '=', organizationId)
      .orderBy('identity_providers.created_at')
      .orderBy('identity_providers.id')
      .execute(),
  );

/** An issuer of the installation, or of an organization, by the id that the API has for it; null when nobody can sign in there. */
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
