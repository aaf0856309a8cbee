import { sql } from 'kysely';
import { authorize, decide, ownerKey } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { requireSignedIn } from '../../identity/index.ts';
import type { Page } from '../../kernel/schemas.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import type { Organization, OrganizationListInput } from './organization.schema.ts';

/** How long an organization can be restored from the trash. */
export const organizationTrashMs = 30 * 86_400_000;

const livingOrganizations = (db: ReadDoor) =>
  db.selectFrom('organizations').where('organizations.deleted_at', 'is', null);

/** The organizations in the trash that the user owns and may still restore. */
const trashedOrganizations = (db: ReadDoor, userId: string, now: Date) =>
  db
    .selectFrom('organizations')
    .where(sql<boolean>`organizations.deleted_at > ${new Date(now.getTime() - organizationTrashMs)}`)
    .where((where) =>
      where.exists(
        where
          .selectFrom('role_assignments')
          .innerJoin('roles', (join) =>
            join
              .onRef('roles.organization_id', '=', 'role_assignments.organization_id')
              .onRef('roles.id', '=', 'role_assignments.role_id'),
          )
          .select('roles.id')
          .whereRef('role_assignments.organization_id', '=', 'organizations.id')
          .where('role_assignments.user_id', '=', userId)
          .where('roles.key', '=', ownerKey),
      ),
    );

const columns = [
  'organizations.id',
  'organizations.name',
  'organizations.slug',
  'organizations.tier',
  'organizations.is_active as isActive',
  'organizations.max_users as maxUsers',
  'organizations.max_tasks as maxTasks',
  'organizations.settings',
  'organizations.created_by_id as createdById',
  'creators.username',
  'creators.full_name as fullName',
  'organizations.created_at as createdAt',
  'organizations.updated_at as updatedAt',
  'organizations.deleted_at as deletedAt',
  'organizations.version',
] as const;

type OrganizationRow = Omit<Organization, 'createdBy'> & {
  createdById: string;
  username: string | null;
  fullName: string | null;
};

const organizationOf = (row: OrganizationRow): Organization => ({
  id: row.id,
  name: row.name,
  slug: row.slug,
  tier: row.tier,
  isActive: row.isActive,
  maxUsers: row.maxUsers,
  maxTasks: row.maxTasks,
  settings: row.settings,
  createdBy: { id: row.createdById, username: row.username, fullName: row.fullName },
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
  deletedAt: row.deletedAt,
  version: row.version,
});

/** Reads an organization that the door is known to show. */
export async function organizationById(db: ReadDoor, id: string): Promise<Organization> {
  const row = await livingOrganizations(db)
    .leftJoin('users as creators', 'creators.id', 'organizations.created_by_id')
    .select(columns)
    .where('organizations.id', '=', id)
    .executeTakeFirstOrThrow();
  return organizationOf(row);
}

/**
 * Reads the organization of the context. An inactive one is shown only to those who may activate it.
 * @throws `permission_denied`, `organization_inactive`
 */
export async function getOrganization(ctx: ServiceContext): Promise<Organization> {
  authorize(ctx, 'organization:read');
  const { principal } = ctx;
  const organization = await read(ctx, (db) => organizationById(db, principal.organizationId));
  if (!organization.isActive && !decide(principal, 'organization:deactivate').allowed)
    throw tenancyErrors.organization_inactive();
  return organization;
}

/** Lists the organizations in which the caller is an active member; with `deleted`, those of their own in the trash. */
export async function listOwnOrganizations(
  ctx: ServiceContext,
  input: OrganizationListInput,
): Promise<Page<Organization>> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  const order = orderOf(input.sort, { createdAt: { by: sql`organizations.created_at` } }, sql`organizations.id`);
  const list = `${input.deleted ? 'deleted ' : ''}organizations of ${userId}`;
  const request = pageRequest(ctx, list, input.sort, input);
  // The creators are not members of one common organization, so no request could see all of them.
  return readThroughIdentityDoor(ctx.database, async (db) => {
    const organizations = input.deleted ? trashedOrganizations(db, userId, ctx.clock.now()) : livingOrganizations(db);
    const query = organizations
      .innerJoin('memberships', 'memberships.organization_id', 'organizations.id')
      .where('memberships.user_id', '=', userId)
      .where('memberships.status', '=', 'active');
    const rows = query.leftJoin('users as creators', 'creators.id', 'organizations.created_by_id').select(columns);
    const { rows: shown, nextCursor } = await readPage(rows, order, request);
    return { data: shown.map(organizationOf), nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}
