import { randomUUID } from 'node:crypto';
import { openSessionOf } from '@tenon/core/testing';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';

const password = 'correct horse battery';

async function register(caller: Person) {
  const email = `${randomUUID()}@example.com`;
  const { verificationToken } = await caller.do('auth.register', { email, password });
  if (verificationToken === undefined) throw new Error('A token is answered outside of production.');
  return { email, token: verificationToken };
}

async function aLogin(caller: Person) {
  const { email, token } = await register(caller);
  await caller.do('auth.verifyEmail', { token });
  return { login: email, password, deviceId: 'laptop', tokenTransport: 'body' as const };
}

async function aRefreshToken(caller: Person) {
  const { refreshToken } = await caller.do('auth.login', await aLogin(caller));
  if (refreshToken === undefined) throw new Error('The refresh token was asked for in the body.');
  return { refreshToken };
}

export default samplesOf('auth', {
  register: {
    input: () => ({
      email: `${randomUUID()}@example.com`,
      password,
      fullName: 'Robin Fletcher',
      organizationName: `Boats ${randomUUID()}`,
    }),
  },
  verifyEmail: { input: async (caller) => ({ token: (await register(caller)).token }) },
  resendVerification: {
    input: async (caller) => ({ email: (await register(caller)).email }),
    recordsNothing: 'It is the same for every address, known or not: there may be nobody whom an event could be about.',
  },
  login: { input: aLogin },
  refresh: { input: aRefreshToken, recordsNothing: 'It continues a session, whose beginning and end are recorded.' },
  logout: { input: aRefreshToken },
  logoutAll: {
    input: async ({ userId }, { platform }) => {
      await openSessionOf(platform, userId);
      return { keepCurrent: true };
    },
  },
  me: { input: () => ({}) },
});
