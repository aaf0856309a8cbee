import { randomUUID } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person, Scene } from '../contract/testing/scene.ts';

const begin = ({ settings }: Scene['issuer']) => ({
  issuer: settings.key,
  redirectTo: '/',
  deviceId: 'laptop',
  tokenTransport: 'body' as const,
});

/** Somebody new comes back from the issuer. */
async function anAnswer(caller: Person, { issuer }: Scene) {
  const { authorizationUrl, binding } = await caller.do('oidc.start', begin(issuer));
  if (binding === undefined) throw new Error('The binding was asked for in the body.');
  const claims = { email: `${randomUUID()}@example.com`, email_verified: true };
  const { searchParams } = await issuer.authorize(authorizationUrl, randomUUID(), claims);
  const [state = '', code = '', iss = ''] = ['state', 'code', 'iss'].map((name) => searchParams.get(name) ?? '');
  return { state, code, iss, binding };
}

async function aRefreshToken(caller: Person, scene: Scene) {
  const { refreshToken } = await caller.do('oidc.finish', await anAnswer(caller, scene));
  if (refreshToken === undefined) throw new Error('The refresh token was asked for in the body.');
  return { refreshToken, redirectTo: '/' };
}

export default samplesOf('oidc', {
  listIssuers: { input: () => ({}) },
  start: {
    input: (_caller, { issuer }) => begin(issuer),
    recordsNothing: 'Nobody is known yet whom an event could be about.',
  },
  finish: { input: anAnswer },
  logout: { input: aRefreshToken },
});
