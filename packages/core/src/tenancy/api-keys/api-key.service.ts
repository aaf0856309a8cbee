import { authorize, isPermitted, type Permission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf } from '../../database/paging.ts';
import { read } from '../../database/read-door.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import type { UndoneChange } from '../../identity/index.ts';
import { errors } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { ById, Page } from '../../kernel/schemas.ts';
import { loadMember } from '../role-assignments/held-roles.ts';
import { lockOrganization } from '../organizations/organization.record.ts';
import { refuseBeyondLimit } from '../organizations/tiers.ts';
import { coversAll } from '../roles/role.rules.ts';
import { serviceAccountErrors } from '../service-accounts/service-account.record.ts';
import { serviceAccountById } from '../service-accounts/service-account.queries.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { apiKeyErrors, apiKeys } from './api-key.record.ts';
import type { ApiKey, ApiKeyCreate, ApiKeyCreated, ApiKeyListInput, ApiKeyUpdate } from './api-key.schema.ts';
import { hashOf, makeApiKey } from './api-key.secret.ts';

/** @throws `permission_denied`, `api_key_not_found` */
export async function getApiKey(ctx: ServiceContext, { id }: ById): Promise<ApiKey> {
  authorize(ctx, 'api_key:read');
  return read(ctx, (db) => apiKeys.get(db, id));
}

/**
 * Lists the API keys of the organization, of all members.
 * @throws `permission_denied`
 */
export async function listApiKeys(ctx: ServiceContext, input: ApiKeyListInput): Promise<Page<ApiKey>> {
  authorize(ctx, 'api_key:read');
  const { userId } = ctx.principal;
  const users = input.user?.map((one) => (one === 'me' ? userId : one));
  const filters = { userId: users, isActive: input.active };
  return read(ctx, (db) => apiKeys.page(ctx, db, input, apiKeys.matching(db, filters), 'api-keys'));
}

/**
 * Throws when the caller acts by an API key. A key that makes another key, or a way to sign in, could outlive its own end: whoever
 * steals it would keep access after it is revoked.
 * @throws `api_key_refused`
 */
export function refuseKeys({ apiKeyId }: Principal): void {
  if (apiKeyId) throw apiKeyErrors.api_key_refused();
}

const exceeding = (permission: string) =>
  apiKeyErrors.scope_exceeds_own({ permission, message: `You do not hold ${permission} yourself, as the key would.` });

/**
 * Throws when a key of the caller's own has a scope that the caller has nowhere. It need not check in which scope and under which
 * constraints the caller has it: the key acts by the same grants.
 * @throws `scope_exceeds_own`
 */
function refuseBeyondHeld(principal: Principal, scopes: readonly Permission[]): void {
  const beyond = scopes.find((scope) => !isPermitted(principal, scope));
  if (beyond) throw exceeding(beyond);
}

/**
 * Throws unless the caller has all scopes of another user's key, in the whole organization, for ever and without constraints. So
 * the key never does what the caller may not do.
 * @throws `scope_exceeds_own`
 */
function refuseBeyondOwnOf(principal: Principal, scopes: readonly string[]): void {
  const beyond = scopes.find((scope) => !coversAll(principal, { permissions: new Set([scope]), constraints: [] }));
  if (beyond) throw exceeding(beyond);
}

/**
 * Makes a key by which a program acts as the caller or as a service account, in this organization only, with no more than the
 * scopes.
 * @throws `permission_denied`, `api_key_refused`, `service_account_not_found`, `validation_failed` for an end in the past,
 * `scope_exceeds_own`, `limit_exceeded`
 */
export async function createApiKey(ctx: ServiceContext, input: ApiKeyCreate): Promise<ApiKeyCreated> {
  authorize(ctx, 'api_key:create');
  const { principal } = ctx;
  const { organizationId } = principal;
  refuseKeys(principal);
  const { serviceAccountId, ...fields } = input;
  const { scopes, expiresAt } = fields;
  if (expiresAt !== null && new Date(expiresAt) <= ctx.clock.now())
    throw errors.validation_failed({ field: ['expiresAt'], message: 'Must be in the future.' });
  const { prefix, secret } = makeApiKey();
  return mutate(ctx, async (unit) => {
    // Locked first: when the membership ends meanwhile, its keys are revoked, and this one must be among them.
    await lockOrganization(unit);
    if (serviceAccountId === undefined) {
      await loadMember(unit, principal.userId, tenancyErrors.organization_not_found);
      refuseBeyondHeld(principal, scopes);
    } else {
      const field = ['serviceAccountId'];
      const missing = () => serviceAccountErrors.service_account_not_found({ field });
      await serviceAccountById(ctx, unit.db, organizationId, serviceAccountId, missing);
      refuseBeyondOwnOf(principal, scopes);
    }
    const present = await countOf(apiKeys.from(unit.db));
    await refuseBeyondLimit(unit, organizationId, 'apiKeys', present + 1);
    const key = await apiKeys.add(unit, {
      ...fields,
      prefix,
      secretHash: hashOf(secret),
      userId: serviceAccountId ?? principal.userId,
      isActive: true,
    });
    return { ...(await apiKeys.answer(unit.db, key)), secret };
  });
}

/**
 * Renames a key, disables it or enables it. Only a caller who could have made the key may enable it.
 * @throws `permission_denied`, `api_key_refused`, `api_key_not_found`, `version_conflict`, `scope_exceeds_own`
 */
export async function updateApiKey(ctx: ServiceContext, { id, ...fields }: ApiKeyUpdate): Promise<ApiKey> {
  authorize(ctx, 'api_key:update');
  const { principal } = ctx;
  refuseKeys(principal);
  return mutate(ctx, async (unit) => {
    const key = await apiKeys.lock(unit, id);
    if (fields.isActive && !key.isActive && key.userId !== principal.userId) refuseBeyondOwnOf(principal, key.scopes);
    const { after } = await apiKeys.change(unit, key, fields);
    return apiKeys.answer(unit.db, after);
  });
}

/**
 * Revokes a key for ever: at once in this process, within 5 seconds in every other one.
 * @throws `permission_denied`, `api_key_refused`, `api_key_not_found`, `version_conflict`
 */
export async function deleteApiKey(ctx: ServiceContext, { id }: ById): Promise<void> {
  authorize(ctx, 'api_key:delete');
  refuseKeys(ctx.principal);
  await mutate(ctx, async (unit) => {
    const key = await apiKeys.lock(unit, id);
    await apiKeys.remove(unit, key);
  });
}

/** Revokes all keys of a member whose membership ends, so that none works again if they come back. */
export async function revokeApiKeysOf(unit: Unit, userId: string): Promise<void> {
  await apiKeys.removeMany(unit, await apiKeys.lockMany(unit, { userId }));
}

/** Disables the keys that a user has made since a change of their address that is being undone, for themselves or a service account. */
export async function disableApiKeysSince(unit: Unit, { userId, since, disabled }: UndoneChange): Promise<void> {
  for (const key of await apiKeys.lockMany(unit, { createdById: userId, isActive: true })) {
    if (new Date(key.createdAt) < since) continue;
    await apiKeys.change(unit, key, { isActive: false }, { organizationId: key.organizationId, actorId: userId });
    disabled.push({ kind: 'api_key', name: key.name });
  }
}
