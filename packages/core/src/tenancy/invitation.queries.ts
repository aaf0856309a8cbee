import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { readThroughIdentityDoor } from '../database/identity-door.ts';
import { countOf, orderOf, pageRequest, readPage } from '../database/paging.ts';
import type { ReadDoor } from '../database/read-door.ts';
import { anyOf } from '../database/sql.ts';
import { loginErrors, requireSignedIn } from '../identity/index.ts';
import type { Principal } from '../kernel/principal.ts';
import type { Page } from '../kernel/schemas.ts';
import type { Invitation, InvitationListInput } from './invitation.schema.ts';
import { rolesBy } from './role.queries.ts';
import type { HeldRole } from './role.schema.ts';

/**
 * Invitations bind to proven addresses only.
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

/** The invitations to a user's own proven address. Behind the identity door: they are no member yet. */
export const invitationsTo = (db: ReadDoor, userId: string) =>
  db
    .selectFrom('invitations')
    .innerJoin('users as invitees', 'invitees.email_key', 'invitations.email_key')
    .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .where('invitees.id', '=', userId)
    .where('invitees.email_verified_at', 'is not', null)
    .where('organizations.deleted_at', 'is', null);

const statusAt = (now: Date) =>
  sql<
    Invitation['status']
  >`case when invitations.status = 'pending' and invitations.expires_at <= ${now} then 'expired' else invitations.status end`;

/** The roles that invitations offer, by the invitation's id. */
async function rolesOfInvitations(
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

/**
 * A page of the invitations to the own address of who is signed in, the newest first.
 * @throws `unauthenticated`, `email_not_verified`
 */
export async function listOwnInvitations(ctx: ServiceContext, input: InvitationListInput): Promise<Page<Invitation>> {
  requireVerifiedAddress(ctx);
  const { userId } = ctx.principal;
  const order = orderOf(input.sort, { createdAt: { by: sql`invitations.created_at` } }, sql`invitations.id`);
  const request = pageRequest(ctx, `invitations of ${userId}`, input.sort, input);
  const status = statusAt(ctx.clock.now());
  return readThroughIdentityDoor(ctx.database, async (db) => {
    const all = invitationsTo(db, userId);
    const query = input.status === undefined ? all : all.where(status, 'in', input.status);
    const columns = query
      .leftJoin('users as inviters', 'inviters.id', 'invitations.invited_by_id')
      .select([
        'invitations.id',
        'organizations.id as organizationId',
        'organizations.name',
        'organizations.slug',
        'invitations.email',
        status.as('status'),
        'invitations.invited_by_id as invitedById',
        'inviters.username',
        'inviters.full_name as fullName',
        'invitations.expires_at as expiresAt',
        'invitations.created_at as createdAt',
      ]);
    const { rows, nextCursor } = await readPage(columns, order, request);
    const roles = await rolesOfInvitations(
      ctx,
      db,
      rows.map((row) => row.id),
    );
    const data = rows.map((row) => ({
      id: row.id,
      organization: { id: row.organizationId, name: row.name, slug: row.slug },
      email: row.email,
      roles: roles.get(row.id) ?? [],
      status: row.status,
      invitedBy: { id: row.invitedById, username: row.username, fullName: row.fullName },
      expiresAt: row.expiresAt,
      createdAt: row.createdAt,
    }));
    return { data, nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}
