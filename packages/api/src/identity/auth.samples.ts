import { randomUUID } from 'node:crypto';
import { accountTokens, givePassword, invitationTokenOf, openSessionOf } from '@tenon/core/testing';
import { aBeginning, anIssuersAnswer, anIssuersSession } from '../contract/testing/oidc.ts';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person, Scene } from '../contract/testing/scene.ts';

const password = 'correct horse battery';

async function register(caller: Person) {
  const email = `${randomUUID()}@example.com`;
  const { verificationToken } = await caller.do('auth.register', { email, password });
  if (verificationToken === undefined) throw new Error('A token is answered outside of production.');
  return { email, token: verificationToken };
}

async function anInvitationByMail({ organization }: Person, { platform }: Scene) {
  const email = `${randomUUID()}@example.com`;
  const roleIds = [organization.roleIds.viewer];
  await organization.people.owner.do('members.add', { organizationId: organization.id, email, roleIds });
  return { token: await invitationTokenOf(platform, email), password, fullName: 'Robin Fletcher' };
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

/** Somebody new, who wants another address. */
async function anEmailChange(caller: Person, scene: Scene) {
  const { accessToken, user } = await caller.do('auth.login', await aLogin(caller));
  const input = { email: `${randomUUID()}@example.com`, currentPassword: password };
  await scene.call('rest', 'auth.changeEmail', input, { token: accessToken });
  return accountTokens(scene.platform, user.id);
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
  acceptInvitation: { input: anInvitationByMail },
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
  changePassword: {
    input: async ({ userId }, { platform }) => ({
      currentPassword: await givePassword(platform, userId),
      newPassword: `${randomUUID()} battery`,
    }),
  },
  forgotPassword: {
    input: async (caller) => ({ email: (await register(caller)).email }),
    recordsNothing: 'It is the same for every address, known or not: there may be nobody whom an event could be about.',
  },
  resetPassword: {
    input: async (caller, { platform }) => {
      const { user } = await caller.do('auth.login', await aLogin(caller));
      return { token: (await accountTokens(platform, user.id)).reset, password: `${randomUUID()} battery` };
    },
  },
  changeEmail: {
    input: async ({ userId }, { platform }) => ({
      email: `${randomUUID()}@example.com`,
      currentPassword: await givePassword(platform, userId),
    }),
  },
  confirmEmail: { input: async (caller, scene) => ({ token: (await anEmailChange(caller, scene)).confirm }) },
  undoEmailChange: { input: async (caller, scene) => ({ token: (await anEmailChange(caller, scene)).undo }) },
  me: { input: () => ({}) },
  listOidcIssuers: { input: () => ({}) },
  startOidc: {
    input: (_caller, { issuer }) => aBeginning(issuer),
    recordsNothing: 'Nobody is known yet whom an event could be about.',
  },
  finishOidc: { input: anIssuersAnswer },
  logoutOidc: { input: anIssuersSession },
});
