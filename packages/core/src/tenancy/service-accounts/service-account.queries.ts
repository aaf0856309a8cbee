import { type InferResult, sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import type { DomainError } from '../../kernel/errors.ts';
import type { ById, Page } from '../../kernel/schemas.ts';
import { inRange } from '../../records/index.ts';
import { rolesOfMembers } from '../role-assignments/held-roles.ts';
import { serviceAccountErrors } from './service-account.record.ts';
import type { ServiceAccount, ServiceAccountListInput } from './service-account.schema.ts';

/** Names the organization itself, because the identity door, behind which service accounts are written, has no walls. */
const rowsOf = (db: ReadDoor, organizationId: string) =>
  db
    .selectFrom('service_accounts')
    .innerJoin('memberships', (join) =>
      join
        .onRef('memberships.organization_id', '=', 'service_accounts.organization_id')
        .onRef('memberships.user_id', '=', 'service_accounts.user_id'),
    )
    .innerJoin('users', 'users.id', 'service_accounts.user_id')
    .innerJoin('users as creators', 'creators.id', 'service_accounts.created_by_id')
    .select([
      'service_accounts.user_id as id',
      'users.full_name as name',
      'memberships.status',
      'memberships.version',
      'service_accounts.created_at as createdAt',
      'creators.id as creatorId',
      'creators.username',
      'creators.full_name as fullName',
    ])
    .where('service_accounts.organization_id', '=', organizationId)
    .where('memberships.status', '<>', 'ended');

type Row = InferResult<ReturnType<typeof rowsOf>>[number];

/** Rows in the shape of the wire, with the roles that they have in the whole organization. */
async function withRoles(
  ctx: ServiceContext,
  db: ReadDoor,
  organizationId: string,
  rows: readonly Row[],
): Promise<ServiceAccount[]> {
  const ids = rows.map(({ id }) => id);
  const roles = await rolesOfMembers(ctx, db, ids, organizationId);
  return rows.map(({ id, name, status, creatorId, username, fullName, createdAt, version }) => ({
    id,
    name: name ?? '',
    isActive: status === 'active',
    roles: roles.get(id) ?? [],
    createdBy: { id: creatorId, username, fullName },
    createdAt,
    version,
  }));
}

/** @throws `service_account_not_found`, or the error that `missing` makes */
export async function serviceAccountById(
  ctx: ServiceContext,
  db: ReadDoor,
  organizationId: string,
  id: string,
  missing: () => DomainError = serviceAccountErrors.service_account_not_found,
): Promise<ServiceAccount> {
  const rows = await rowsOf(db, organizationId).where('service_accounts.user_id', '=', id).execute();
  const [account] = await withRoles(ctx, db, organizationId, rows);
  if (!account) throw missing();
  return account;
}

/** @throws `permission_denied`, `service_account_not_found` */
export async function getServiceAccount(ctx: ServiceContext, { id }: ById): Promise<ServiceAccount> {
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
    const query = inRange(rowsOf(db, organizationId), () => byCreation.createdAt.by, input);
    const { rows, nextCursor } = await readPage(query, order, request);
    const data = await withRoles(ctx, db, organizationId, rows);
    return { data, nextCursor, ...(input.total ? { total: await countOf(query.clearSelect()) } : {}) };
  });
}
