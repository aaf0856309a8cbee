import { sql } from 'kysely';
import { authorize, decide, ownerKey } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { Database } from '../../database/database.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { requireSignedIn } from '../../identity/index.ts';
import type { Page } from '../../kernel/schemas.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { organizations } from './organization.record.ts';
import type { Organization, OrganizationListInput } from './organization.schema.ts';

/** How long an organization can be restored from the trash. */
export const organizationTrashMs = 30 * 86_400_000;

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

/**
 * Reads the organization of the context. An inactive one is shown only to those who may activate it.
 * @throws `permission_denied`, `organization_inactive`
 */
export async function getOrganization(ctx: ServiceContext): Promise<Organization> {
  authorize(ctx, 'organization:read');
  const { principal } = ctx;
  const organization = await read(ctx, (db) => organizations.get(db, principal.organizationId));
  if (!organization.isActive && !decide(principal, 'organization:deactivate').allowed)
    throw tenancyErrors.organization_inactive();
  return organization;
}

/** Reads the names of some organizations, for people who were told something there. By id. */
export async function organizationsNamed(database: Database, ids: readonly string[]) {
  const rows = await readThroughIdentityDoor(database, (db) =>
    db
      .selectFrom('organizations')
      .select(['organizations.id', 'organizations.name', 'organizations.slug'])
      .where(anyOf(db.dialect, 'organizations.id', ids))
      .execute(),
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Lists the organizations in which the caller is an active member; with `deleted`, those of their own in the trash.
 * @throws `unauthenticated`
 */
export async function listOwnOrganizations(
  ctx: ServiceContext,
  input: OrganizationListInput,
): Promise<Page<Organization>> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  // The creators are not members of one common organization, so no request could see all of them.
  return readThroughIdentityDoor(ctx.database, (db) => {
    const query = (input.deleted ? trashedOrganizations(db, userId, ctx.clock.now()) : organizations.from(db))
      .innerJoin('memberships', 'memberships.organization_id', 'organizations.id')
      .where('memberships.user_id', '=', userId)
      .where('memberships.status', '=', 'active');
    const name = `${input.deleted ? 'deleted ' : ''}organizations of ${userId}`;
    return organizations.page(ctx, db, input, query, name);
  });
}
