import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutateThroughIdentityDoor } from '../../database/identity-door.ts';
import { countAll } from '../../database/sql.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { endSessions } from '../../identity/index.ts';
import { diff, isEmpty } from '../../kernel/changes.ts';
import { errors } from '../../kernel/errors.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { Principal } from '../../kernel/principal.ts';
import { refuseKeys } from '../api-keys/api-key.service.ts';
import { lockOrganization } from '../organizations/organization.lock.ts';
import { limitExceeded, readLimit } from '../organizations/tiers.ts';
import { readRolesOf, type RoleHierarchy } from '../roles/role.hierarchy.ts';
import { refuseBeyondOwn } from '../roles/role.rules.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { clientSecret, IdentityProviderEntity, RoleMappingEntity } from './identity-provider.entity.ts';
import { identityProviderErrors } from './identity-provider.errors.ts';
import { mappingsOf, providerById, type RoleMapping, sorted } from './identity-provider.queries.ts';
import type {
  IdentityProvider,
  IdentityProviderCreate,
  IdentityProviderId,
  IdentityProviderUpdate,
} from './identity-provider.schema.ts';

/*
 * Sessions that began at an issuer belong to other people, so they are ended behind the identity door. It has no walls, so every
 * statement here names the organization.
 */

/** Throws for an issuer without https, unless the operator allows issuers in private networks. @throws `validation_failed` */
function refusePlain({ settings }: ServiceContext, issuer: string): void {
  if (settings.organizationIssuersInPrivateNetworks || URL.parse(issuer)?.protocol === 'https:') return;
  throw errors.validation_failed({ field: ['issuer'], message: 'Must be a URL with https.' });
}

interface Key {
  organizationId: string;
  id: string;
}

const rowColumns = [
  'organization_id as organizationId',
  'id',
  'label',
  'issuer',
  'client_id as clientId',
  'client_secret as clientSecret',
  'scopes',
  'enabled',
  'create_members as createMembers',
  'default_role_id as defaultRoleId',
  'role_claim as roleClaim',
  'version',
] as const;

/** A row of a provider as it is, or as it will be. */
interface ProviderRow extends Key {
  label: string;
  issuer: string;
  clientId: string;
  /** Sealed. */
  clientSecret: string | null;
  scopes: string[];
  enabled: boolean;
  createMembers: boolean;
  defaultRoleId: string | null;
  roleClaim: string | null;
  version: number;
}

/** The roles that a provider gives. */
interface Giving {
  defaultRoleId: string | null;
  roleMappings: readonly RoleMapping[];
}

/**
 * Throws unless the roles exist and allow no more than the caller's own: people who sign in at the issuer will get them.
 * @throws `role_not_found` at the field, `role_exceeds_own`
 */
function refuseGivingBeyondOwn(
  principal: Principal,
  hierarchy: RoleHierarchy,
  { defaultRoleId, roleMappings }: Giving,
): void {
  const given = [
    ...(defaultRoleId === null ? [] : [{ id: defaultRoleId, field: ['defaultRoleId'] }]),
    ...roleMappings.map(({ roleId: id }, index) => ({ id, field: ['roleMappings', index, 'roleId'] })),
  ];
  const roles = given.map(({ id, field }) => {
    const role = hierarchy.get(id);
    if (!role) throw tenancyErrors.role_not_found({ field });
    return role;
  });
  refuseBeyondOwn(principal, roles);
}

/**
 * Throws unless the tier allows the present providers and this many more. The caller must have locked the organization row.
 * @throws `limit_exceeded`
 */
async function requireRoom({ db }: Unit, organizationId: string, more: 0 | 1): Promise<void> {
  const max = await readLimit(db, organizationId, 'identityProviders');
  const { count } = await db
    .selectFrom('identity_providers')
    .select(countAll().as('count'))
    .where('organization_id', '=', organizationId)
    .executeTakeFirstOrThrow();
  if (count + more > max) throw limitExceeded('identityProviders', max);
}

const memberRoleId = (hierarchy: RoleHierarchy): string | null =>
  [...hierarchy.values()].find(({ builtIn, key }) => builtIn && key === 'member')?.id ?? null;

async function writeMappings(unit: Unit, provider: ProviderRow, mappings: readonly RoleMapping[]) {
  const { organizationId, id: identityProviderId } = provider;
  await unit.db
    .deleteFrom('identity_provider_roles')
    .where('organization_id', '=', organizationId)
    .where('identity_provider_id', '=', identityProviderId)
    .execute();
  const rows = mappings.map(({ value: claimValue, roleId }) => ({ claimValue, roleId }));
  await unit.insert(RoleMappingEntity, ...rows.map((row) => ({ organizationId, identityProviderId, ...row })));
}

const sealed = ({ settings }: ServiceContext, { organizationId, id }: Key, secret: string | null): string | null =>
  secret === null ? null : clientSecret.seal(settings, [organizationId, id], secret);

/** The fields of a provider that events show. Of its secret they show only whether there is one. */
const tracked = (provider: ProviderRow, roleMappings: readonly RoleMapping[]): Record<string, unknown> => ({
  label: provider.label,
  issuer: provider.issuer,
  clientId: provider.clientId,
  hasClientSecret: provider.clientSecret !== null,
  scopes: provider.scopes,
  enabled: provider.enabled,
  createMembers: provider.createMembers,
  defaultRoleId: provider.defaultRoleId,
  roleClaim: provider.roleClaim,
  roleMappings: sorted(roleMappings),
});

const eventOf = (type: string, { organizationId, id }: ProviderRow, actorId: string) => ({
  type,
  entity: { type: 'identity_provider', id },
  organizationId,
  actorId,
});

/**
 * Creates an identity provider: an issuer at which the organization's people sign in.
 * @throws `permission_denied`, `api_key_refused`, `validation_failed` at `issuer`, `role_not_found`, `role_exceeds_own`,
 * `limit_exceeded` where the tier allows none
 */
export async function createIdentityProvider(
  ctx: ServiceContext,
  { roleMappings, defaultRoleId, clientSecret: secret, ...fields }: IdentityProviderCreate,
): Promise<IdentityProvider> {
  authorize(ctx, 'identity_provider:manage');
  const { principal } = ctx;
  const { organizationId, userId } = principal;
  refuseKeys(principal);
  refusePlain(ctx, fields.issuer);
  return mutateThroughIdentityDoor(ctx, async (unit) => {
    await lockOrganization(unit, organizationId);
    const hierarchy = await readRolesOf(unit.db, organizationId);
    const giving = {
      defaultRoleId: defaultRoleId === undefined ? memberRoleId(hierarchy) : defaultRoleId,
      roleMappings,
    };
    refuseGivingBeyondOwn(principal, hierarchy, giving);
    await requireRoom(unit, organizationId, 1);
    const id = uuidv7();
    const provider: ProviderRow = {
      ...fields,
      organizationId,
      id,
      version: 1,
      clientSecret: sealed(ctx, { organizationId, id }, secret),
      defaultRoleId: giving.defaultRoleId,
    };
    const written = { createdAt: unit.now, createdById: userId, updatedAt: unit.now, updatedById: userId };
    await unit.insert(IdentityProviderEntity, { ...provider, ...written });
    await writeMappings(unit, provider, roleMappings);
    await recordEvents(unit, {
      ...eventOf('identity_provider.created', provider, userId),
      data: { ...tracked(provider, roleMappings), version: 1 },
    });
    return providerById(ctx, unit.db, organizationId, id);
  });
}

/** Loads a provider to change it, and locks its organization until commit, so that its changes happen one after the other. */
async function lockProvider(unit: Unit, organizationId: string, id: string): Promise<ProviderRow> {
  await lockOrganization(unit, organizationId);
  const row = await unit.db
    .selectFrom('identity_providers')
    .select(rowColumns)
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) throw identityProviderErrors.identity_provider_not_found();
  unit.checkVersion(row);
  return row;
}

async function updateProvider({ db, now }: Unit, provider: ProviderRow, updatedById: string): Promise<void> {
  await db
    .updateTable('identity_providers')
    .set({
      label: provider.label,
      issuer: provider.issuer,
      client_id: provider.clientId,
      client_secret: provider.clientSecret,
      scopes: JSON.stringify(provider.scopes) as never,
      enabled: provider.enabled,
      create_members: provider.createMembers,
      default_role_id: provider.defaultRoleId,
      role_claim: provider.roleClaim,
      version: provider.version + 1,
      updated_at: sql<string>`${now}`,
      updated_by_id: updatedById,
    })
    .where('organization_id', '=', provider.organizationId)
    .where('id', '=', provider.id)
    .execute();
}

/** How many sessions one statement ends. */
const batch = 200;

/** Ends all sessions that began at a provider, of every user. */
async function endSessionsAt(unit: Unit, id: string): Promise<void> {
  const begun = unit.db
    .selectFrom('oidc_sessions')
    .select('session_id as sessionId')
    .where('issuer_ref', '=', id)
    .orderBy('session_id')
    .limit(batch);
  for (let after: string | undefined; ;) {
    const rows = await (after === undefined ? begun : begun.where('session_id', '>', after)).execute();
    const ids = rows.map(({ sessionId }) => sessionId);
    await endSessions(unit, ids, 'issuer_removed');
    after = ids.at(-1);
    if (ids.length < batch) return;
  }
}

/**
 * Changes the given fields of an identity provider. When it is disabled or becomes another issuer, the sessions that began there
 * end.
 * @throws `permission_denied`, `api_key_refused`, `identity_provider_not_found`, `version_conflict`, `validation_failed` at
 * `issuer` or `clientSecret`, `role_not_found`, `role_exceeds_own`, `limit_exceeded`
 */
export async function updateIdentityProvider(
  ctx: ServiceContext,
  { id, roleMappings, clientSecret: secret, ...fields }: IdentityProviderUpdate,
): Promise<IdentityProvider> {
  authorize(ctx, 'identity_provider:manage');
  const { principal } = ctx;
  const { organizationId, userId } = principal;
  refuseKeys(principal);
  return mutateThroughIdentityDoor(ctx, async (unit) => {
    const former = await lockProvider(unit, organizationId, id);
    const mappings = (await mappingsOf(unit.db, organizationId, [id])).get(id) ?? [];
    const before = tracked(former, mappings);
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const provider: ProviderRow = { ...former, ...given };
    const isAnother = provider.issuer !== former.issuer;
    if (isAnother) refusePlain(ctx, provider.issuer);
    // Without this check, somebody who does not know the secret could have it sent to an issuer of their own.
    if (isAnother && provider.clientSecret !== null && secret === undefined)
      throw errors.validation_failed({ field: ['clientSecret'], message: 'Give it anew for another issuer.' });
    if (secret !== undefined) provider.clientSecret = sealed(ctx, provider, secret);
    const changes = diff(before, tracked(provider, roleMappings ?? mappings));
    if (isEmpty(changes) && secret === undefined) return providerById(ctx, unit.db, organizationId, id);
    const giving = { defaultRoleId: provider.defaultRoleId, roleMappings: roleMappings ?? mappings };
    refuseGivingBeyondOwn(principal, await readRolesOf(unit.db, organizationId), giving);
    if (provider.enabled && !former.enabled) await requireRoom(unit, organizationId, 0);
    await updateProvider(unit, provider, userId);
    if (roleMappings) await writeMappings(unit, provider, roleMappings);
    await recordEvents(unit, {
      ...eventOf('identity_provider.updated', provider, userId),
      changes,
      data: { version: provider.version + 1, ...(secret !== undefined && { clientSecretReplaced: true }) },
    });
    if (isAnother || !provider.enabled) await endSessionsAt(unit, id);
    return providerById(ctx, unit.db, organizationId, id);
  });
}

/**
 * Permanently deletes an identity provider. The sessions that began there end, and it identifies nobody any more.
 * @throws `permission_denied`, `api_key_refused`, `identity_provider_not_found`, `version_conflict`
 */
export async function deleteIdentityProvider(ctx: ServiceContext, { id }: IdentityProviderId): Promise<void> {
  authorize(ctx, 'identity_provider:manage');
  const { principal } = ctx;
  const { organizationId, userId } = principal;
  refuseKeys(principal);
  await mutateThroughIdentityDoor(ctx, async (unit) => {
    const provider = await lockProvider(unit, organizationId, id);
    const { label, issuer, version } = provider;
    await unit.db
      .deleteFrom('identity_providers')
      .where('organization_id', '=', organizationId)
      .where('id', '=', id)
      .execute();
    await recordEvents(unit, {
      ...eventOf('identity_provider.deleted', provider, userId),
      data: { label, issuer, version },
    });
    await endSessionsAt(unit, id);
    return null;
  });
}
