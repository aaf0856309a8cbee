import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutateThroughIdentityDoor } from '../../database/identity-door.ts';
import { countOf } from '../../database/paging.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { endSessions } from '../../identity/index.ts';
import { errors } from '../../kernel/errors.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { ById } from '../../kernel/schemas.ts';
import { refuseKeys } from '../api-keys/api-key.service.ts';
import { lockOrganization } from '../organizations/organization.record.ts';
import { refuseBeyondLimit } from '../organizations/tiers.ts';
import { readRoles, type RoleHierarchy, roleIn } from '../roles/role.hierarchy.ts';
import { refuseBeyondOwn } from '../roles/role.rules.ts';
import { clientSecret, RoleMappingEntity } from './identity-provider.entity.ts';
import { mappingsOf, providerById, type RoleMapping, sorted } from './identity-provider.queries.ts';
import { identityProviders } from './identity-provider.record.ts';
import type { IdentityProvider, IdentityProviderCreate, IdentityProviderUpdate } from './identity-provider.schema.ts';

/*
 * Sessions that began at an issuer belong to other people, so they are ended behind the identity door. It has no walls, so every
 * statement here names the organization.
 */

/** Throws for an issuer without https, unless the operator allows issuers in private networks. @throws `validation_failed` */
function refusePlain({ settings }: ServiceContext, issuer: string): void {
  if (settings.organizationIssuersInPrivateNetworks || URL.parse(issuer)?.protocol === 'https:') return;
  throw errors.validation_failed({ field: ['issuer'], message: 'Must be a URL with https.' });
}

type Key = Readonly<Record<'organizationId' | 'id', string>>;

/**
 * Throws unless the roles exist and allow no more than the caller's own: people who sign in at the issuer will get them.
 * @throws `role_not_found` at the field, `role_exceeds_own`
 */
function refuseGivingBeyondOwn(
  principal: Principal,
  hierarchy: RoleHierarchy,
  defaultRoleId: string | null,
  roleMappings: readonly RoleMapping[],
): void {
  refuseBeyondOwn(principal, [
    ...(defaultRoleId === null ? [] : [roleIn(hierarchy, defaultRoleId, 'defaultRoleId')]),
    ...roleMappings.map(({ roleId }, index) => roleIn(hierarchy, roleId, 'roleMappings', index, 'roleId')),
  ]);
}

/**
 * Throws unless the tier allows the present providers and this many more. The caller must have locked the organization row.
 * @throws `limit_exceeded`
 */
async function requireRoom(unit: Unit, organizationId: string, more: 0 | 1): Promise<void> {
  const present = await countOf(identityProviders.matching(unit.db, { organizationId }));
  await refuseBeyondLimit(unit, organizationId, 'identityProviders', present + more);
}

const memberRoleId = (hierarchy: RoleHierarchy): string | null =>
  [...hierarchy.values()].find(({ builtIn, key }) => builtIn && key === 'member')?.id ?? null;

async function writeMappings(
  unit: Unit,
  { organizationId, id: identityProviderId }: Key,
  mappings: readonly RoleMapping[],
): Promise<void> {
  const provider = { organizationId, identityProviderId };
  await unit.delete(RoleMappingEntity, provider);
  const rows = mappings.map(({ value: claimValue, roleId }) => ({ ...provider, claimValue, roleId }));
  await unit.insert(RoleMappingEntity, ...rows);
}

const sealed = ({ settings }: ServiceContext, { organizationId, id }: Key, secret: string | null): string | null =>
  secret === null ? null : clientSecret.seal(settings, [organizationId, id], secret);

/** The fields of a provider that are not columns. Of its secret, events show only whether there is one. */
const besideColumns = (secret: string | null, roleMappings: readonly RoleMapping[]) => ({
  hasClientSecret: secret !== null,
  roleMappings: sorted(roleMappings),
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
  const { organizationId } = principal;
  refuseKeys(principal);
  refusePlain(ctx, fields.issuer);
  return mutateThroughIdentityDoor(ctx, async (unit) => {
    await lockOrganization(unit);
    const hierarchy = await readRoles(unit.db, organizationId);
    const givenRoleId = defaultRoleId === undefined ? memberRoleId(hierarchy) : defaultRoleId;
    refuseGivingBeyondOwn(principal, hierarchy, givenRoleId, roleMappings);
    await requireRoom(unit, organizationId, 1);
    const key = { organizationId, id: uuidv7() };
    const beside = besideColumns(secret, roleMappings);
    await identityProviders.add(
      unit,
      { ...fields, ...key, clientSecret: sealed(ctx, key, secret), defaultRoleId: givenRoleId },
      { tracked: beside, data: beside },
    );
    await writeMappings(unit, key, roleMappings);
    return providerById(ctx, unit.db, organizationId, key.id);
  });
}

/** Loads a provider to change it, and locks its organization until commit, so that its changes happen one after the other. */
async function lockProvider(unit: Unit, id: string) {
  await lockOrganization(unit);
  return identityProviders.lock(unit, { ...unit.owner, id });
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
  const { organizationId } = principal;
  refuseKeys(principal);
  return mutateThroughIdentityDoor(ctx, async (unit) => {
    const key = { organizationId, id };
    const former = await lockProvider(unit, id);
    const formerMappings = (await mappingsOf(unit.db, organizationId, [id])).get(id) ?? [];
    const { issuer = former.issuer, defaultRoleId = former.defaultRoleId } = fields;
    const isAnother = issuer !== former.issuer;
    if (isAnother) refusePlain(ctx, issuer);
    // Without this check, somebody who does not know the secret could have it sent to an issuer of their own.
    if (isAnother && former.clientSecret !== null && secret === undefined)
      throw errors.validation_failed({ field: ['clientSecret'], message: 'Give it anew for another issuer.' });
    const mappings = roleMappings ?? formerMappings;
    const hierarchy = await readRoles(unit.db, organizationId);
    refuseGivingBeyondOwn(principal, hierarchy, defaultRoleId, mappings);
    if (fields.enabled && !former.enabled) await requireRoom(unit, organizationId, 0);
    const newSecret = secret === undefined ? former.clientSecret : sealed(ctx, key, secret);
    const { after, changes } = await identityProviders.change(
      unit,
      { ...former, ...besideColumns(former.clientSecret, formerMappings) },
      { ...fields, clientSecret: newSecret, ...besideColumns(newSecret, mappings) },
      secret === undefined ? {} : { data: { clientSecretReplaced: true } },
    );
    if (changes['roleMappings']) await writeMappings(unit, key, mappings);
    if (isAnother || !after.enabled) await endSessionsAt(unit, id);
    return providerById(ctx, unit.db, organizationId, id);
  });
}

/**
 * Permanently deletes an identity provider. The sessions that began there end, and it identifies nobody any more.
 * @throws `permission_denied`, `api_key_refused`, `identity_provider_not_found`, `version_conflict`
 */
export async function deleteIdentityProvider(ctx: ServiceContext, { id }: ById): Promise<void> {
  authorize(ctx, 'identity_provider:manage');
  refuseKeys(ctx.principal);
  await mutateThroughIdentityDoor(ctx, async (unit) => {
    await identityProviders.remove(unit, await lockProvider(unit, id));
    await endSessionsAt(unit, id);
  });
}
