import type { ServiceContext } from '../../database/context.ts';
import { read } from '../../database/read-door.ts';
import { findRow } from '../../database/rows.ts';
import type { Row } from '../../database/schema.ts';
import { anyOf } from '../../database/sql.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import type { ById, Page } from '../../kernel/schemas.ts';
import { CredentialEntity } from '../credential.entity.ts';
import { countPasskeys } from '../passkeys/passkey.queries.ts';
import { endSessions } from '../session.service.ts';
import { requireSignedIn } from '../signed-in.ts';
import { lockUser } from '../user.record.ts';
import { identities, providerOfRealm } from './identity.record.ts';
import type { OidcIdentity, OidcIdentityListInput } from './identity.schema.ts';
import { instanceIssuers } from './issuer.ts';
import { installationRealm, type UserIdentityEntity } from './oidc.entity.ts';
import { oidcErrors } from './oidc.errors.ts';
import { providerOf } from './redirect-target.ts';

/** Lists the caller's identities at issuers. @throws `unauthenticated` */
export async function listOidcIdentities(
  ctx: ServiceContext,
  input: OidcIdentityListInput,
): Promise<Page<OidcIdentity>> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  return read(ctx, (db) => {
    const own = identities.from(db).where('user_identities.user_id', '=', userId);
    return identities.page(ctx, db, input, own, 'oidc-identities');
  });
}

/** Whether the user can still sign in to the whole account, and not only to one organization. */
async function canStillSignIn({ db, ctx }: Unit, userId: string): Promise<boolean> {
  const password = await findRow(db, CredentialEntity, { userId });
  if (password || (await countPasskeys(db, userId)) > 0) return true;
  const issuers = instanceIssuers(ctx.settings).map(({ issuer }) => issuer);
  const identity = await db
    .selectFrom('user_identities')
    .select('id')
    .where('user_id', '=', userId)
    .where('disabled_at', 'is', null)
    .where('realm', '=', installationRealm)
    .where(anyOf(db.dialect, 'issuer', issuers, 'text'))
    .executeTakeFirst();
  return identity !== undefined;
}

/** Ends the caller's sessions that started with an identity, except the current one. The walls show no sessions of anybody else. */
async function endSessionsBy(unit: Unit, { realm, issuer, subject }: Row<typeof UserIdentityEntity>): Promise<void> {
  const begun = await unit.db
    .selectFrom('oidc_sessions')
    .select(['session_id as sessionId', 'issuer_ref as issuerRef'])
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .execute();
  const ids = begun
    .filter(({ issuerRef }) => (providerOf(issuerRef) ?? installationRealm) === realm)
    .map(({ sessionId }) => sessionId)
    .filter((id) => id !== unit.ctx.principal?.sessionId);
  await endSessions(unit, ids, 'identity_unlinked');
}

/**
 * Unlinks one of the caller's identities at an issuer. Sessions that started with it end, except the current one.
 * @throws `unauthenticated`, `oidc_identity_not_found`, `last_sign_in` when the caller could no longer sign in to the account
 */
export async function unlinkOidcIdentity(ctx: ServiceContext, { id }: ById): Promise<void> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    const identity = await identities.lock(unit, { id, userId });
    await identities.remove(unit, identity, { data: { identityProviderId: providerOfRealm(identity.realm) } });
    // Parallel requests must not each count the other's identity as left. Lock in the order of signing in, to avoid a deadlock.
    await lockUser(unit, userId);
    if (!(await canStillSignIn(unit, userId))) throw oidcErrors.last_sign_in();
    await endSessionsBy(unit, identity);
  });
}
