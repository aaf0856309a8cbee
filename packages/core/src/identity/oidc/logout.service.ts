import { decodeJwt, jwtVerify } from 'jose';
import { z } from 'zod';
import type { ServiceContext } from '../../database/context.ts';
import { ifTaken } from '../../database/failures.ts';
import { readThroughIdentityDoor, writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { DomainError } from '../../kernel/errors.ts';
import { hashOf } from '../secret.ts';
import { endSessions } from '../session.service.ts';
import { discover, type OidcIssuer } from './issuer.ts';
import { OidcLogoutTokenEntity } from './oidc.entity.ts';
import { oidcErrors } from './oidc.errors.ts';
import { isOutage, SessionAtIssuer, signatureAlgorithms, Subject } from './proof.ts';

/** The issuer at which the session of a refresh token started; null when it started in another way. */
async function issuerOfSession(ctx: ServiceContext, refreshToken: string): Promise<string | null> {
  const found = await readThroughIdentityDoor(ctx.database, (db) =>
    db
      .selectFrom('refresh_tokens')
      .innerJoin('oidc_sessions', 'oidc_sessions.session_id', 'refresh_tokens.session_id')
      .select('oidc_sessions.issuer_ref as issuerRef')
      .where('refresh_tokens.hash', '=', hashOf(refreshToken))
      .executeTakeFirst(),
  );
  return found?.issuerRef ?? null;
}

/**
 * The URL at which the browser also signs out at the issuer of a session. Null when the session started in another way, or the
 * issuer supports no sign-out, no longer exists or does not answer: signing out here must not depend on it.
 * @param findIssuer finds an issuer by the id that the API uses; null when it no longer exists
 */
export async function signOutUrl(
  ctx: ServiceContext,
  refreshToken: string,
  redirectTo: string,
  findIssuer: (ctx: ServiceContext, id: string) => Promise<OidcIssuer | null>,
): Promise<string | null> {
  const id = await issuerOfSession(ctx, refreshToken);
  const issuer = id === null ? null : await findIssuer(ctx, id);
  if (!issuer) return null;
  const discovered = await discover(ctx.settings, ctx.clock.now(), issuer).catch(() => null);
  if (discovered?.configuration.serverMetadata().end_session_endpoint === undefined) return null;
  const { buildEndSessionUrl } = await import('openid-client');
  try {
    return buildEndSessionUrl(discovered.configuration, { post_logout_redirect_uri: redirectTo }).href;
  } catch {
    return null;
  }
}

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** OpenID Connect Back-Channel Logout 1.0, section 2.4. */
const LogoutClaims = z
  .object({
    iss: z.string(),
    iat: z.number(),
    exp: z.number(),
    jti: z.string().min(1),
    sub: Subject.optional(),
    sid: SessionAtIssuer.optional(),
    nonce: z.never().optional(),
    events: z.object({ [logoutEvent]: z.object({}) }),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined);
type LogoutClaims = z.output<typeof LogoutClaims>;

const invalid = (cause?: unknown): DomainError => oidcErrors.logout_token_invalid({ field: ['logout_token'], cause });

/** Reads issuer and audience of a logout token. Nothing in it is verified yet. @throws `logout_token_invalid` */
export function issuerOfLogoutToken(token: string): { issuer: string; audience: readonly string[] } {
  try {
    const { iss, aud = [] } = decodeJwt(token);
    if (iss === undefined) throw invalid();
    return { issuer: iss, audience: typeof aud === 'string' ? [aud] : aud };
  } catch (error) {
    throw error instanceof DomainError ? error : invalid(error);
  }
}

/** The tolerated clock difference, in seconds. */
const clockTolerance = 30;

async function verify(ctx: ServiceContext, issuer: OidcIssuer, token: string): Promise<LogoutClaims> {
  const { configuration, keys } = await discover(ctx.settings, ctx.clock.now(), issuer);
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    algorithms: signatureAlgorithms,
    issuer: configuration.serverMetadata().issuer,
    audience: issuer.clientId,
    clockTolerance,
    // Even if the token claims to be valid longer.
    maxTokenAge: 600,
  }).catch((cause: unknown) => {
    throw isOutage(cause) ? oidcErrors.oidc_issuer_unavailable({ cause }) : invalid(cause);
  });
  const claims = LogoutClaims.safeParse(payload);
  const { typ = 'JWT' } = protectedHeader;
  if (!claims.success || !['jwt', 'logout+jwt'].includes(typ.toLowerCase())) throw invalid(claims.error);
  return claims.data;
}

/**
 * Ends the sessions that an issuer's logout token names: those of its session `sid`, or all of its subject. Each token works once.
 * Answers how many sessions ended.
 * @throws `logout_token_invalid`, `oidc_issuer_unavailable`
 */
export async function endSessionsByLogoutToken(
  ctx: ServiceContext,
  issuer: OidcIssuer,
  token: string,
): Promise<number> {
  const { iss, jti, exp, sub, sid } = await verify(ctx, issuer, token);
  return writeThroughIdentityDoor(ctx, async (unit) => {
    const hash = hashOf(JSON.stringify([issuer.id, iss, issuer.clientId, jti]));
    const expiresAt = new Date((exp + 2 * clockTolerance) * 1000);
    await unit.insert(OidcLogoutTokenEntity, { hash, expiresAt }).catch(ifTaken(({ cause }) => invalid(cause)));
    const sessions = await unit.db
      .selectFrom('oidc_sessions')
      .select('session_id as sessionId')
      .where('issuer_ref', '=', issuer.id)
      .where('issuer', '=', iss)
      .$if(sub !== undefined, (query) => query.where('subject', '=', sub ?? ''))
      .$if(sid !== undefined, (query) => query.where('sid', '=', sid ?? ''))
      .execute();
    const ids = sessions.map(({ sessionId }) => sessionId);
    return endSessions(unit, ids, 'ended_by_issuer');
  });
}
