import { sql } from 'kysely';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { countOf, orderOf, pageRequest, readPage } from '../../database/paging.ts';
import { read } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { errors } from '../../kernel/errors.ts';
import type { Page } from '../../kernel/schemas.ts';
import { countPasskeys } from '../passkeys/passkey.queries.ts';
import { endSessions } from '../session.service.ts';
import { requireSignedIn } from '../signed-in.ts';
import { UserEntity } from '../user.entity.ts';
import type { OidcIdentity, OidcIdentityId, OidcIdentityListInput } from './identity.schema.ts';
import { instanceIssuers } from './issuer.ts';
import { installationRealm } from './oidc.entity.ts';
import { oidcErrors } from './oidc.errors.ts';
import { providerOf } from './redirect-target.ts';

interface UnlinkedIdentity {
  realm: string;
  issuer: string;
  subject: string;
}

/** Lists the caller's identities at issuers. @throws `unauthenticated` */
export async function listOidcIdentities(
  ctx: ServiceContext,
  input: OidcIdentityListInput,
): Promise<Page<OidcIdentity>> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  const order = orderOf(input.sort, { createdAt: { by: sql`user_identities.created_at` } }, sql`user_identities.id`);
  const request = pageRequest(ctx, 'oidc-identities', input.sort, input);
  return read(ctx, async (db) => {
    const query = db.selectFrom('user_identities').where('user_identities.user_id', '=', userId);
    const selected = query.select([
      'user_identities.id',
      'user_identities.realm',
      'user_identities.issuer',
      'user_identities.subject',
      'user_identities.created_at as createdAt',
      'user_identities.last_used_at as lastUsedAt',
    ]);
    const { rows, nextCursor } = await readPage(selected, order, request);
    const data = rows.map(({ sortValue: _sortValue, realm, ...row }) => ({
      ...row,
      identityProviderId: realm === installationRealm ? null : realm,
    }));
    return { data, nextCursor, ...(input.total ? { total: await countOf(query) } : {}) };
  });
}

/** Whether the user can still sign in to the whole account, and not only to one organization. */
async function canStillSignIn({ db, ctx }: Unit, userId: string): Promise<boolean> {
  const password = await db
    .selectFrom('credentials')
    .select('user_id')
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (password || (await countPasskeys(db, userId)) > 0) return true;
  const issuers = instanceIssuers(ctx.settings).map(({ issuer }) => issuer);
  const identity = await db
    .selectFrom('user_identities')
    .select('id')
    .where('user_id', '=', userId)
    .where('realm', '=', installationRealm)
    .where(anyOf(db.dialect, 'issuer', issuers, 'text'))
    .executeTakeFirst();
  return identity !== undefined;
}

/** Ends the sessions that started with an identity, except the current one. */
async function endSessionsBy(unit: Unit, userId: string, { realm, issuer, subject }: UnlinkedIdentity): Promise<void> {
  const begun = await unit.db
    .selectFrom('oidc_sessions')
    .select(['session_id as sessionId', 'issuer_ref as issuerRef'])
    .where('user_id', '=', userId)
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .execute();
  const others = begun.filter(
    ({ sessionId, issuerRef }) =>
      (providerOf(issuerRef) ?? installationRealm) === realm && sessionId !== unit.ctx.principal?.sessionId,
  );
  await endSessions(
    unit,
    others.map(({ sessionId }) => sessionId),
    'identity_unlinked',
  );
}

/**
 * Unlinks one of the caller's identities at an issuer. Sessions that started with it end, except the current one.
 * @throws `unauthenticated`, `oidc_identity_not_found`, `last_sign_in` when the caller could no longer sign in to the account
 */
export async function unlinkOidcIdentity(ctx: ServiceContext, { id }: OidcIdentityId): Promise<void> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    const gone = await unit.db
      .deleteFrom('user_identities')
      .where('user_id', '=', userId)
      .where('id', '=', id)
      .returning(['realm', 'issuer', 'subject'])
      .executeTakeFirst();
    if (!gone) throw oidcErrors.oidc_identity_not_found();
    // Parallel requests must not each count the other's identity as left. Lock in the order of signing in, to avoid a deadlock.
    await unit.load(UserEntity, { id: userId }, errors.unauthenticated);
    if (!(await canStillSignIn(unit, userId))) throw oidcErrors.last_sign_in();
    const { realm, issuer, subject } = gone;
    await endSessionsBy(unit, userId, gone);
    await recordEvents(unit, {
      type: 'user.identity_unlinked',
      entity: { type: 'user', id: userId },
      data: { issuer, subject, identityProviderId: realm === installationRealm ? null : realm },
      organizationId: null,
    });
    return null;
  });
}
