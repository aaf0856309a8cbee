import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { loginErrors, requireSignedIn } from '../../identity/index.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Page } from '../../kernel/schemas.ts';
import type { Invitation, InvitationListInput, OrganizationInvitationListInput } from './invitation.schema.ts';
import { rolesBy } from '../roles/role.queries.ts';
import type { HeldRole } from '../roles/role.schema.ts';

/**
 * Throws unless the caller has proven their address: invitations are for proven addresses only.
 * @throws `unauthenticated`, `email_not_verified`
 */
export function requireVerifiedAddress(ctx: {
  readonly principal: Principal | null;
}): asserts ctx is { readonly principal: Principal } {
  requireSignedIn(ctx);
  if (!ctx.principal.emailVerified)
    throw loginErrors.email_not_verified({
      message: 'Verify your e-mail address first: invitations are for whoever reads its mail.',
    });
}

const livingInvitations = (db: ReadDoor) =>
  db
    .selectFrom('invitations')
    .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .where('organizations.deleted_at', 'is', null);

type InvitationQuery = ReturnType<typeof livingInvitations>;

/** The invitations to a user's own proven address. Read behind the identity door, because the user is not a member yet. */
export const invitationsTo = (db: ReadDoor, userId: string): InvitationQuery =>
  livingInvitations(db).where('invitations.email_key', 'in', (where) =>
    where
      .selectFrom('users as invitees')
      .select('invitees.email_key')
      .where('invitees.id', '=', userId)
      .where('invitees.email_verified_at', 'is not', null),
  );

const statusAt = (now: Date) =>
  sql<
    Invitation['status']
  >`case when invitations.status = 'pending' and invitations.expires_at <= ${now} then 'expired' else invitations.status end`;

/** Returns the roles that invitations offer, by invitation id. */
export async function rolesOfInvitations(
  ctx: ServiceContext,
  db: ReadDoor,
  ids: readonly string[],
): Promise<ReadonlyMap<string, HeldRole[]>> {
  const rows = await db
    .selectFrom('invitation_roles')
    .innerJoin('roles', (join) =>
      join
        .onRef('roles.organization_id', '=', 'invitation_roles.organization_id')
        .onRef('roles.id', '=', 'invitation_roles.role_id'),
    )
    .select(['invitation_roles.invitation_id as invitationId', 'roles.id', 'roles.key', 'roles.name'])
    .where(anyOf(ctx.database.engine.dialect, 'invitation_roles.invitation_id', ids))
    .execute();
  return rolesBy(rows, (row) => row.invitationId);
}

/** Selects the columns that are shown of invitations. */
const shown = (ctx: ServiceContext, query: InvitationQuery) =>
  query
    .leftJoin('users as inviters', 'inviters.id', 'invitations.invited_by_id')
    .select([
      'invitations.id',
      'organizations.id as organizationId',
      'organizations.name',
      'organizations.slug',
      'invitations.email',
      statusAt(ctx.clock.now()).as('status'),
      'invitations.invited_by_id as invitedById',
      'inviters.username',
      'inviters.full_name as fullName',
      'invitations.expires_at as expiresAt',
      'invitations.created_at as createdAt',
    ]);

type InvitationRow = Awaited<ReturnType<ReturnType<typeof shown>['executeTakeFirstOrThrow']>>;

const invitationOf = (row: InvitationRow, roles: readonly HeldRole[] = []): Invitation => ({
  id: row.id,
  organization: { id: row.organizationId, name: row.name, slug: row.slug },
  email: row.email,
  roles: [...roles],
  status: row.status,
  invitedBy: { id: row.invitedById, username: row.username, fullName: row.fullName },
  expiresAt: row.expiresAt,
  createdAt: row.createdAt,
});

async function pageOf(
  ctx: ServiceContext,
  db: ReadDoor,
  all: InvitationQuery,
  name: string,
  input: InvitationListInput,
): Promise<Page<Invitation>> {
  const order = orderOf(input.sort, { createdAt: { by: sql`invitations.created_at` } }, sql`invitations.id`);
  const request = pageRequest(ctx, name, input.sort, input);
  const query = input.status === undefined ? all : all.where(statusAt(ctx.clock.now()), 'in', input.status);
  const { rows, nextCursor } = await readPage(shown(ctx, query), order, request);
  const roles = await rolesOfInvitations(
    ctx,
    db,
    rows.map((row) => row.id),
  );
  const data = rows.map((row) => invitationOf(row, roles.get(row.id)));
  return { data, nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
}

/**
 * Lists the invitations to the caller's own address, the newest first.
 * @throws `unauthenticated`, `email_not_verified`
 */
export async function listOwnInvitations(ctx: ServiceContext, input: InvitationListInput): Promise<Page<Invitation>> {
  requireVerifiedAddress(ctx);
  const { userId } = ctx.principal;
  return readThroughIdentityDoor(ctx.database, (db) =>
    pageOf(ctx, db, invitationsTo(db, userId), `invitations of ${userId}`, input),
  );
}

/** Lists the invitations to the organization of the context, the newest first. */
export async function listInvitations(
  ctx: ServiceContext,
  input: OrganizationInvitationListInput,
): Promise<Page<Invitation>> {
  authorize(ctx, 'member:read');
  return read(ctx, (db) => pageOf(ctx, db, livingInvitations(db), 'invitations', input));
}

/** Reads an invitation that is known to exist. */
export async function invitationById(ctx: ServiceContext, db: ReadDoor, id: string): Promise<Invitation> {
  const row = await shown(ctx, livingInvitations(db)).where('invitations.id', '=', id).executeTakeFirstOrThrow();
  const roles = await rolesOfInvitations(ctx, db, [id]);
  return invitationOf(row, roles.get(id));
}
