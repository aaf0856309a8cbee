import { sql } from 'kysely';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { Database } from '../../database/database.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { read, type ReadDoor } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { loginErrors, requireSignedIn } from '../../identity/index.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Page } from '../../kernel/schemas.ts';
import { rolesBy } from '../roles/role.queries.ts';
import type { HeldRole } from '../roles/role.schema.ts';
import { type InvitationRow, invitations, statusAt } from './invitation.record.ts';
import type { Invitation, InvitationListInput, OrganizationInvitationListInput } from './invitation.schema.ts';

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

/** The invitations to organizations outside the trash. */
export const livingInvitations = (db: ReadDoor) =>
  invitations
    .from(db)
    .innerJoin('organizations', 'organizations.id', 'invitations.organization_id')
    .where('organizations.deleted_at', 'is', null);

/** Finds the active user whose proven address a pending invitation names. Null when there is none. */
export async function inviteeOf(database: Database, invitationId: string): Promise<string | null> {
  const [row] = await readThroughIdentityDoor(database, (db) =>
    livingInvitations(db)
      .innerJoin('users as invitees', 'invitees.email_key', 'invitations.email_key')
      .select('invitees.id')
      .where('invitations.id', '=', invitationId)
      .where('invitations.status', '=', 'pending')
      .where('invitees.is_active', '=', true)
      .where('invitees.email_verified_at', 'is not', null)
      .execute(),
  );
  return row?.id ?? null;
}

/** The invitations to a user's own proven address. Read behind the identity door, because the user is not a member yet. */
export const invitationsTo = (db: ReadDoor, userId: string) =>
  livingInvitations(db).where('invitations.email_key', 'in', (where) =>
    where
      .selectFrom('users as invitees')
      .select('invitees.email_key')
      .where('invitees.id', '=', userId)
      .where('invitees.email_verified_at', 'is not', null),
  );

/** Returns the roles that invitations offer, by invitation id. */
export async function rolesOfInvitations(
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
    .where(anyOf(db.dialect, 'invitation_roles.invitation_id', ids))
    .execute();
  return rolesBy(rows, (row) => row.invitationId);
}

/** Shows invitations with their organizations and roles. */
async function showInvitations(db: ReadDoor, rows: readonly InvitationRow[], now: Date): Promise<Invitation[]> {
  const [organizations, roles] = await Promise.all([
    db
      .selectFrom('organizations')
      .select(['organizations.id', 'organizations.name', 'organizations.slug'])
      .where(anyOf(db.dialect, 'organizations.id', [...new Set(rows.map((row) => row.organizationId))]))
      .execute(),
    rolesOfInvitations(
      db,
      rows.map((row) => row.id),
    ),
  ]);
  return rows.map((row) =>
    invitations.show(
      { ...row, status: statusAt(now, row) },
      { organization: organizations.find(({ id }) => id === row.organizationId), roles: roles.get(row.id) ?? [] },
    ),
  );
}

function pageOf(
  ctx: ServiceContext,
  db: ReadDoor,
  all: ReturnType<typeof livingInvitations>,
  input: InvitationListInput,
  name?: string,
): Promise<Page<Invitation>> {
  const now = ctx.clock.now();
  const status = sql<Invitation['status']>`case
    when invitations.status = 'pending' and invitations.expires_at <= ${now} then 'expired'
    else invitations.status end`;
  let query = all;
  if (input.status) query = query.where(status, 'in', input.status);
  // A literal, because the index of pending invitations is partial: a parameter would not use it.
  if (input.status?.every((one) => one === 'pending' || one === 'expired'))
    query = query.where('invitations.status', '=', sql.lit('pending'));
  return invitations.page(ctx, db, input, query, name, (rows) => showInvitations(db, rows, now));
}

/**
 * Lists the invitations to the caller's own address, the newest first.
 * @throws `unauthenticated`, `email_not_verified`
 */
export async function listOwnInvitations(ctx: ServiceContext, input: InvitationListInput): Promise<Page<Invitation>> {
  requireVerifiedAddress(ctx);
  const { userId } = ctx.principal;
  return readThroughIdentityDoor(ctx.database, (db) =>
    pageOf(ctx, db, invitationsTo(db, userId), input, `invitations of ${userId}`),
  );
}

/** Lists the invitations to the organization of the context, the newest first. */
export async function listInvitations(
  ctx: ServiceContext,
  input: OrganizationInvitationListInput,
): Promise<Page<Invitation>> {
  authorize(ctx, 'member:read');
  return read(ctx, (db) => pageOf(ctx, db, livingInvitations(db), input));
}
