import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import type { DomainError } from '../../kernel/errors.ts';
import type { Page } from '../../kernel/schemas.ts';
import { rolesOfMembers } from '../role-assignments/held-roles.ts';
import type { HeldRole } from '../roles/role.schema.ts';
import { serviceAccountErrors } from './service-account.errors.ts';
import type { ServiceAccount, ServiceAccountId, ServiceAccountListInput } from './service-account.schema.ts';

/** Names the organization itself, because the identity door, behind which service accounts are written, has no walls. */
const joined = (db: ReadDoor, organizationId: string) =>
  db
    .selectFrom('service_accounts')
    .innerJoin('memberships', (join) =>
      join
        .onRef('memberships.organization_id', '=', 'service_accounts.organization_id')
        .onRef('memberships.user_id', '=', 'service_accounts.user_id'),
    )
    .innerJoin('users', 'users.id', 'service_accounts.user_id')
    .innerJoin('users as creators', 'creators.id', 'service_accounts.created_by_id')
    .where('service_accounts.organization_id', '=', organizationId)
    .where('memberships.status', '<>', 'ended');

const columns = [
  'service_accounts.user_id as userId',
  'users.full_name as fullName',
  'memberships.status',
  'memberships.version',
  'service_accounts.created_at as createdAt',
  'creators.id as createdById',
  'creators.username as creatorUsername',
  'creators.full_name as creatorFullName',
] as const;

interface Row {
  userId: string;
  fullName: string | null;
  status: string;
  version: number;
  createdAt: string;
  createdById: string;
  creatorUsername: string | null;
  creatorFullName: string | null;
}

const serviceAccountOf = (row: Row, roles: readonly HeldRole[] = []): ServiceAccount => ({
  id: row.userId,
  name: row.fullName ?? '',
  isActive: row.status === 'active',
  roles: [...roles],
  createdBy: { id: row.createdById, username: row.creatorUsername, fullName: row.creatorFullName },
  createdAt: row.createdAt,
  version: row.version,
});

/** @throws `service_account_not_found`, or the error that `missing` makes */
export async function serviceAccountById(
  ctx: ServiceContext,
  db: ReadDoor,
  organizationId: string,
  id: string,
  missing: () => DomainError = serviceAccountErrors.service_account_not_found,
): Promise<ServiceAccount> {
  const row = await joined(db, organizationId)
    .select(columns)
    .where('service_accounts.user_id', '=', id)
    .executeTakeFirst();
  if (!row) throw missing();
  return serviceAccountOf(row, (await rolesOfMembers(ctx, db, [id], organizationId)).get(id));
}

/** @throws `permission_denied`, `service_account_not_found` */
export async function getServiceAccount(ctx: ServiceContext, { id }: ServiceAccountId): Promise<ServiceAccount> {
  authorize(ctx, 'service_account:read');
  const { organizationId } = ctx.principal;
  return read(ctx, (db) => serviceAccountById(ctx, db, organizationId, id));
}

/** Lists the organization's service accounts. */
export async function listServiceAccounts(
  ctx: ServiceContext,
  input: ServiceAccountListInput,
): Promise<Page<ServiceAccount>> {
  authorize(ctx, 'service_account:read');
  const { organizationId } = ctx.principal;
  const byCreation = { createdAt: { by: sql`service_accounts.created_at` } };
  const order = orderOf(input.sort, byCreation, sql`service_accounts.user_id`);
  const request = pageRequest(ctx, 'service-accounts', input.sort, input);
  return read(ctx, async (db) => {
    const query = joined(db, organizationId);
    const { rows, nextCursor } = await readPage(
      query.select([...columns, 'service_accounts.user_id as id']),
      order,
      request,
    );
    const ids = rows.map(({ userId }) => userId);
    const roles = await rolesOfMembers(ctx, db, ids, organizationId);
    const data = rows.map((row) => serviceAccountOf(row, roles.get(row.userId)));
    return { data, nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}
