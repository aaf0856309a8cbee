import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import type { Page } from '../../kernel/schemas.ts';
import { apiKeyErrors } from './api-key.errors.ts';
import type { ApiKey, ApiKeyId, ApiKeyListInput } from './api-key.schema.ts';

const columns = [
  'api_keys.id',
  'api_keys.name',
  'api_keys.prefix',
  'api_keys.scopes',
  'api_keys.user_id as userId',
  'users.username',
  'users.full_name as fullName',
  'api_keys.expires_at as expiresAt',
  'api_keys.last_used_at as lastUsedAt',
  'api_keys.is_active as isActive',
  'api_keys.created_by_id as createdById',
  'creators.username as creatorUsername',
  'creators.full_name as creatorFullName',
  'api_keys.created_at as createdAt',
  'api_keys.updated_at as updatedAt',
  'api_keys.version',
] as const;

const joined = (db: ReadDoor) =>
  db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .innerJoin('users as creators', 'creators.id', 'api_keys.created_by_id');

interface Row extends Omit<ApiKey, 'user' | 'createdBy'> {
  userId: string;
  username: string | null;
  fullName: string | null;
  createdById: string;
  creatorUsername: string | null;
  creatorFullName: string | null;
}

const apiKeyOf = (row: Row): ApiKey => ({
  id: row.id,
  name: row.name,
  prefix: row.prefix,
  scopes: row.scopes,
  user: { id: row.userId, username: row.username, fullName: row.fullName },
  expiresAt: row.expiresAt,
  lastUsedAt: row.lastUsedAt,
  isActive: row.isActive,
  createdBy: { id: row.createdById, username: row.creatorUsername, fullName: row.creatorFullName },
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
  version: row.version,
});

/** @throws `api_key_not_found` */
export async function apiKeyById(db: ReadDoor, id: string): Promise<ApiKey> {
  const row = await joined(db).select(columns).where('api_keys.id', '=', id).executeTakeFirst();
  if (!row) throw apiKeyErrors.api_key_not_found();
  return apiKeyOf(row);
}

/** @throws `permission_denied`, `api_key_not_found` */
export async function getApiKey(ctx: ServiceContext, { id }: ApiKeyId): Promise<ApiKey> {
  authorize(ctx, 'api_key:read');
  return read(ctx, (db) => apiKeyById(db, id));
}

/** Lists the organization's API keys, whoever made them. */
export async function listApiKeys(ctx: ServiceContext, input: ApiKeyListInput): Promise<Page<ApiKey>> {
  authorize(ctx, 'api_key:read');
  const { userId } = ctx.principal;
  const { dialect } = ctx.database.engine;
  const order = orderOf(input.sort, { createdAt: { by: sql`api_keys.created_at` } }, sql`api_keys.id`);
  const request = pageRequest(ctx, 'api-keys', input.sort, input);
  return read(ctx, async (db) => {
    let query = joined(db);
    const users = input.user?.map((one) => (one === 'me' ? userId : one));
    if (users) query = query.where(anyOf(dialect, 'api_keys.user_id', users));
    if (input.active !== undefined) query = query.where('api_keys.is_active', '=', input.active);
    const { rows, nextCursor } = await readPage(query.select(columns), order, request);
    return { data: rows.map(apiKeyOf), nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}
