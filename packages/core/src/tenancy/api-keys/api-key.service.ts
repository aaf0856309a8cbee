import { authorize, isPermitted, type Permission } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countAll } from '../../database/sql.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { diff, isEmpty } from '../../kernel/changes.ts';
import { errors } from '../../kernel/errors.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { Principal } from '../../kernel/principal.ts';
import { lockOrganization } from '../organizations/organization.lock.ts';
import { limitExceeded, readLimit } from '../organizations/tiers.ts';
import { coversAll } from '../roles/role.rules.ts';
import { serviceAccountErrors } from '../service-accounts/service-account.errors.ts';
import { serviceAccountById } from '../service-accounts/service-account.queries.ts';
import { forgetApiKeys } from './api-key.authenticate.ts';
import { ApiKeyEntity, type ApiKeyRecord } from './api-key.entity.ts';
import { apiKeyErrors } from './api-key.errors.ts';
import { apiKeyById } from './api-key.queries.ts';
import type { ApiKey, ApiKeyCreate, ApiKeyCreated, ApiKeyId, ApiKeyUpdate } from './api-key.schema.ts';
import { hashOf, makeApiKey } from './api-key.secret.ts';

/**
 * Throws for a caller who acts by an API key. Keys and other ways to sign in that a leaked key made would outlive its revocation.
 * @throws `api_key_refused`
 */
export function refuseKeys({ apiKeyId }: Principal): void {
  if (apiKeyId) throw apiKeyErrors.api_key_refused();
}

const exceeding = (permission: string) =>
  apiKeyErrors.scope_exceeds_own({ permission, message: `You do not hold ${permission} yourself, as the key would.` });

/**
 * Throws if a key of the caller's own would have a scope that they do not have in any grant. How wide their grants are is not
 * checked, because the key acts by the same grants.
 * @throws `scope_exceeds_own`
 */
function refuseBeyondHeld(principal: Principal, scopes: readonly Permission[]): void {
  const beyond = scopes.find((scope) => !isPermitted(principal, scope));
  if (beyond) throw exceeding(beyond);
}

/**
 * Throws unless the caller has all scopes of somebody else's key everywhere, without an end and without constraints: the caller
 * may then do whatever the key's user may do by it.
 * @throws `scope_exceeds_own`
 */
function refuseBeyondOwnOf(principal: Principal, scopes: readonly string[]): void {
  const beyond = scopes.find((scope) => !coversAll(principal, { permissions: new Set([scope]), constraints: [] }));
  if (beyond) throw exceeding(beyond);
}

/** Loads a key to change it, and locks it until commit. @throws `api_key_not_found` */
const loadApiKey = (unit: Unit, id: string): Promise<ApiKeyRecord> =>
  unit.load(ApiKeyEntity, { id }, apiKeyErrors.api_key_not_found);

/**
 * Throws unless the tier allows one more key. Locks the organization row, so that the count is exact.
 * @throws `limit_exceeded`
 */
async function requireRoom(unit: Unit, organizationId: string): Promise<void> {
  await lockOrganization(unit, organizationId);
  const max = await readLimit(unit.db, organizationId, 'apiKeys');
  const { count } = await unit.db.selectFrom('api_keys').select(countAll().as('count')).executeTakeFirstOrThrow();
  if (count >= max) throw limitExceeded('apiKeys', max);
}

/**
 * Creates a key by which a program acts as the caller, or as a service account, in this organization only, narrowed to the
 * scopes.
 * @throws `permission_denied`, `api_key_refused`, `service_account_not_found`, `validation_failed` for an end in the past,
 * `scope_exceeds_own`, `limit_exceeded`
 */
export async function createApiKey(ctx: ServiceContext, input: ApiKeyCreate): Promise<ApiKeyCreated> {
  authorize(ctx, 'api_key:create');
  const { principal } = ctx;
  const { organizationId } = principal;
  refuseKeys(principal);
  const { name, scopes, serviceAccountId } = input;
  const userId = serviceAccountId ?? principal.userId;
  const expiresAt = input.expiresAt === null ? null : new Date(input.expiresAt);
  if (expiresAt && expiresAt <= ctx.clock.now())
    throw errors.validation_failed({ field: ['expiresAt'], message: 'Must be in the future.' });
  const { prefix, secret } = makeApiKey();
  return mutate(ctx, async (unit) => {
    if (serviceAccountId === undefined) refuseBeyondHeld(principal, scopes);
    else {
      const field = ['serviceAccountId'];
      const missing = () => serviceAccountErrors.service_account_not_found({ field });
      await serviceAccountById(ctx, unit.db, organizationId, serviceAccountId, missing);
      refuseBeyondOwnOf(principal, scopes);
    }
    await requireRoom(unit, organizationId);
    const id = uuidv7();
    await unit.insert(ApiKeyEntity, {
      organizationId,
      id,
      name,
      prefix,
      secretHash: hashOf(secret),
      userId,
      scopes: [...scopes],
      expiresAt,
      isActive: true,
      version: 1,
      createdAt: unit.now,
      createdById: principal.userId,
      updatedAt: unit.now,
      updatedById: principal.userId,
    });
    await recordEvents(unit, {
      type: 'api_key.created',
      entity: { type: 'api_key', id },
      data: { name, prefix, scopes, userId, expiresAt: input.expiresAt, version: 1 },
    });
    return { ...(await apiKeyById(unit.db, id)), secret };
  });
}

const tracked = ({ name, isActive }: ApiKeyRecord) => ({ name, isActive });

/**
 * Renames a key, stops it, or lets it work again. Only those who could create the key may let it work again.
 * @throws `permission_denied`, `api_key_refused`, `api_key_not_found`, `version_conflict`, `scope_exceeds_own`
 */
export async function updateApiKey(ctx: ServiceContext, { id, name, isActive }: ApiKeyUpdate): Promise<ApiKey> {
  authorize(ctx, 'api_key:update');
  const { principal } = ctx;
  refuseKeys(principal);
  return mutate(ctx, async (unit) => {
    const key = await loadApiKey(unit, id);
    unit.checkVersion(key);
    const before = tracked(key);
    Object.assign(key, name === undefined ? {} : { name }, isActive === undefined ? {} : { isActive });
    const changes = diff(before, tracked(key));
    if (isEmpty(changes)) return apiKeyById(unit.db, id);
    if (key.isActive && !before.isActive && key.userId !== principal.userId) refuseBeyondOwnOf(principal, key.scopes);
    Object.assign(key, { updatedAt: unit.now, updatedById: principal.userId });
    await unit.em.flush();
    await recordEvents(unit, {
      type: 'api_key.updated',
      entity: { type: 'api_key', id },
      changes,
      data: { version: key.version },
    });
    forgetApiKeys(unit, [key.secretHash]);
    return apiKeyById(unit.db, id);
  });
}

/** The event of a revoked key. */
const revoked = (
  { id, name, prefix, version }: Pick<ApiKeyRecord, 'id' | 'name' | 'prefix' | 'version'>,
  userId: string,
) => ({
  type: 'api_key.revoked',
  entity: { type: 'api_key', id },
  data: { name, prefix, userId, version },
});

/**
 * Permanently revokes a key: at once in this process, within 5 seconds in every other.
 * @throws `permission_denied`, `api_key_refused`, `api_key_not_found`, `version_conflict`
 */
export async function deleteApiKey(ctx: ServiceContext, { id }: ApiKeyId): Promise<void> {
  authorize(ctx, 'api_key:delete');
  refuseKeys(ctx.principal);
  await mutate(ctx, async (unit) => {
    const key = await loadApiKey(unit, id);
    unit.checkVersion(key);
    unit.em.remove(key);
    await unit.em.flush();
    await recordEvents(unit, revoked(key, key.userId));
    forgetApiKeys(unit, [key.secretHash]);
    return null;
  });
}

/** Revokes every API key of a departing member, so that none works again if they return. */
export async function revokeApiKeysOf(unit: Unit, userId: string): Promise<void> {
  const gone = await unit.db
    .deleteFrom('api_keys')
    .where('user_id', '=', userId)
    .returning(['id', 'name', 'prefix', 'secret_hash as secretHash', 'version'])
    .execute();
  await recordEvents(unit, ...gone.map((key) => revoked(key, userId)));
  forgetApiKeys(
    unit,
    gone.map(({ secretHash }) => secretHash),
  );
}
