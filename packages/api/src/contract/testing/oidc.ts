import { randomUUID } from 'node:crypto';
import type { Person, Scene } from './scene.ts';

/** How the operations that need an issuer are called. */

export const aBeginning = ({ settings }: Scene['issuer']) => ({
  issuer: settings.key,
  redirectTo: '/',
  deviceId: 'laptop',
  tokenTransport: 'body' as const,
});

/** Somebody new comes back from the issuer. */
export async function anIssuersAnswer(caller: Person, { issuer }: Scene) {
  const { authorizationUrl, binding } = await caller.do('auth.startOidc', aBeginning(issuer));
  if (binding === undefined) throw new Error('The binding was asked for in the body.');
  const claims = { email: `${randomUUID()}@example.com`, email_verified: true };
  const { searchParams } = await issuer.authorize(authorizationUrl, randomUUID(), claims);
  const [state = '', code = '', iss = ''] = ['state', 'code', 'iss'].map((name) => searchParams.get(name) ?? '');
  return { state, code, iss, binding };
}

export async function anIssuersSession(caller: Person, scene: Scene) {
  const { refreshToken } = await caller.do('auth.finishOidc', await anIssuersAnswer(caller, scene));
  if (refreshToken === undefined) throw new Error('The refresh token was asked for in the body.');
  return { refreshToken, redirectTo: '/' };
}
