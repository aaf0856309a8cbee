import { randomUUID } from 'node:crypto';
import { givePassword, removeTotp } from '@tenon/core/testing';
import type { OutputOf } from './operation-types.ts';
import type { Person, Scene } from './scene.ts';

/** How the operations that need an issuer are called. */

export const aBeginning = ({ settings }: Scene['issuer']) => ({
  issuer: settings.key,
  redirectTo: '/',
  deviceId: 'laptop',
  tokenTransport: 'body' as const,
});

/** Somebody new comes back from the issuer. */
export const anIssuersAnswer = async (caller: Person, { issuer }: Scene) =>
  comeBack(issuer, await caller.do('auth.startOidc', aBeginning(issuer)));

async function comeBack(issuer: Scene['issuer'], { authorizationUrl, binding }: OutputOf<'auth.startOidc'>) {
  if (binding === undefined) throw new Error('The binding was asked for in the body.');
  const claims = { email: `${randomUUID()}@example.com`, email_verified: true };
  const { searchParams } = await issuer.authorize(authorizationUrl, randomUUID(), claims);
  const [state = '', code = '', iss = ''] = ['state', 'code', 'iss'].map((name) => searchParams.get(name) ?? '');
  return { state, code, iss, binding };
}

/** What a person begins to link an identity with. */
export async function aLinkBegun({ userId }: Person, { issuer, platform }: Scene) {
  await removeTotp(platform, userId);
  const { deviceId: _, ...beginning } = aBeginning(issuer);
  return { ...beginning, password: await givePassword(platform, userId) };
}

/** The person comes back as somebody new there. */
export const aLinkAnswered = async (caller: Person, scene: Scene) =>
  comeBack(scene.issuer, await caller.do('auth.linkOidc', await aLinkBegun(caller, scene)));

export async function anIssuersSession(caller: Person, scene: Scene) {
  const { refreshToken } = await caller.do('auth.finishOidc', await anIssuersAnswer(caller, scene));
  if (refreshToken === undefined) throw new Error('The refresh token was asked for in the body.');
  return { refreshToken, redirectTo: '/' };
}
