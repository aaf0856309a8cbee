import type { ServiceContext } from '../database/context.ts';
import { readThroughIdentityDoor } from '../database/identity-door.ts';
import { errors } from '../kernel/errors.ts';
import { accessTokenLifetime, signAccessToken } from './access-token.ts';
import type { Login, Logout, Refresh, SignedIn } from './auth.schema.ts';
import { endSession, type OpenSession, rotateRefreshToken } from './session.service.ts';
import type { SignInTransport } from './transport.ts';
import { getUser } from './user.queries.ts';

/** Answers the tokens of a session and its user. The refresh token goes into a cookie or into the body, never both. */
export async function signedIn(
  ctx: ServiceContext,
  session: OpenSession,
  refreshTokenBy: Login['tokenTransport'],
  transport: SignInTransport,
): Promise<SignedIn> {
  const { refreshToken } = session;
  if (refreshTokenBy === 'cookie') transport.setRefreshCookie(refreshToken);
  return {
    accessToken: await signAccessToken(ctx.settings, ctx.clock.now(), session),
    tokenType: 'Bearer',
    expiresIn: accessTokenLifetime(ctx.settings),
    user: await readThroughIdentityDoor(ctx.database, (db) => getUser(db, session.userId)),
    ...(refreshTokenBy === 'body' ? { refreshToken } : {}),
  };
}

/**
 * Answers new tokens for a refresh token. The new refresh token goes the way the old one came: in the body or as a cookie.
 * @throws `unauthenticated`
 */
export async function refresh(ctx: ServiceContext, input: Refresh, transport: SignInTransport): Promise<SignedIn> {
  const token = input.refreshToken ?? transport.refreshCookie;
  if (!token) throw errors.unauthenticated({ message: 'Sign in first: there is no refresh token.' });
  const session = await rotateRefreshToken(ctx, token);
  return signedIn(ctx, session, input.refreshToken === undefined ? 'cookie' : 'body', transport);
}

/** Ends the session of a refresh token, and clears the cookie that it came in. Succeeds when there is no session to end. */
export async function logout(ctx: ServiceContext, input: Logout, transport: SignInTransport): Promise<void> {
  if (input.refreshToken !== undefined) return endSession(ctx, input.refreshToken);
  const { refreshCookie } = transport;
  if (refreshCookie === null) return;
  await endSession(ctx, refreshCookie);
  transport.setRefreshCookie(null);
}
