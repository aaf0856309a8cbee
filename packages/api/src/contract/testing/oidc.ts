import { randomUUID } from 'node:crypto';
import { givePassword, removeTotp } from '@tenon/core/testing';
import type { OutputOf } from './operation-types.ts';
import type { Person, Scene } from './scene.ts';

/** Inputs for operations that need an issuer. `at` is the id of the issuer, by default that of the installation. */

export const aBeginning = ({ settings }: Scene['issuer'], at: string = settings.key) => ({
  issuer: at,
  redirectTo: '/',
  deviceId: 'laptop',
  tokenTransport: 'body' as const,
});

/** Signs somebody in at the issuer. Answers the parameters that the browser comes back with. */
async function comeBack(
  issuer: Scene['issuer'],
  authorizationUrl: string,
  subject: string = randomUUID(),
  email = `${randomUUID()}@example.com`,
) {
  const claims = { email, email_verified: true };
  const { searchParams } = await issuer.authorize(authorizationUrl, subject, claims);
  const [state = '', code = '', iss = ''] = ['state', 'code', 'iss'].map((name) => searchParams.get(name) ?? '');
  return { state, code, iss };
}

async function finishOf(
  issuer: Scene['issuer'],
  started: OutputOf<'auth.startOidc'>,
  subject?: string,
  email?: string,
) {
  const { authorizationUrl, binding } = started;
  if (binding === undefined) throw new Error('The binding was asked for in the body.');
  return { ...(await comeBack(issuer, authorizationUrl, subject, email)), binding };
}

/** For a client without cookies that finishes the sign-in of somebody new. */
export const anIssuersAnswer = async (
  caller: Person,
  { issuer }: Scene,
  at?: string,
  subject?: string,
  email?: string,
) => finishOf(issuer, await caller.do('auth.startOidc', aBeginning(issuer, at)), subject, email);

/** For the browser that began the sign-in of somebody new. It has the binding in a cookie. */
export async function aBrowsersReturn(caller: Person, { issuer }: Scene, at?: string) {
  const { tokenTransport: _, ...beginning } = aBeginning(issuer, at);
  return comeBack(issuer, (await caller.do('auth.startOidc', beginning)).authorizationUrl);
}

/** Signs somebody in, and makes the logout token that the issuer would send for them. */
export async function aLogoutToken(caller: Person, scene: Scene, at?: string) {
  const subject = randomUUID();
  await caller.do('auth.finishOidc', await anIssuersAnswer(caller, scene, at, subject));
  const now = Math.floor(Date.now() / 1000);
  const { issuer, clientId } = scene.issuer.settings;
  const logout_token = await scene.issuer.sign({
    iss: issuer,
    aud: clientId,
    sub: subject,
    iat: now,
    exp: now + 120,
    jti: randomUUID(),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  });
  return { logout_token };
}

/** For a person who begins to link an identity. */
export async function aLinkBegun({ userId }: Person, { issuer, platform }: Scene) {
  await removeTotp(platform, userId);
  const { deviceId: _, ...beginning } = aBeginning(issuer);
  return { ...beginning, password: await givePassword(platform, userId) };
}

/** For a person who finishes linking an identity. */
export const aLinkAnswered = async (caller: Person, scene: Scene, subject?: string) =>
  finishOf(scene.issuer, await caller.do('auth.linkOidc', await aLinkBegun(caller, scene)), subject);

export async function anIssuersSession(caller: Person, scene: Scene) {
  const { refreshToken } = await caller.do('auth.finishOidc', await anIssuersAnswer(caller, scene));
  if (refreshToken === undefined) throw new Error('The refresh token was asked for in the body.');
  return { refreshToken, redirectTo: '/' };
}
