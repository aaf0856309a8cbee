import { randomUUID } from 'node:crypto';
import {
  accountTokens,
  disableAdded,
  enrolPasskey,
  enrolTotp,
  givePassword,
  invitationTokenOf,
  openSessionOf,
  removePasskeys,
  removeTotp,
  TestAuthenticator,
} from '@tenon/core/testing';
import {
  aBeginning,
  aBrowsersReturn,
  aLinkAnswered,
  aLinkBegun,
  aLogoutToken,
  anIssuersAnswer,
  anIssuersSession,
} from '../contract/testing/oidc.ts';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person, Scene } from '../contract/testing/scene.ts';
import { aProvider, aProviderToSignInAt } from '../tenancy/identity-provider.samples.ts';

const password = 'correct horse battery';

async function register(caller: Person) {
  const email = `${randomUUID()}@example.com`;
  const { verificationToken } = await caller.do('auth.register', { email, password, fullName: 'Robin Fletcher' });
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

async function aSecondFactor(caller: Person, scene: Scene) {
  const { login, tokenTransport } = await aLogin(caller);
  const { user } = await caller.do('auth.login', { login, password, tokenTransport });
  const app = await enrolTotp(scene.platform, user.id);
  const { problem } = await scene.call('rest', 'auth.login', { login, password });
  if (!problem?.challenge) throw new Error('A second factor is asked for.');
  return { challengeToken: problem.challenge.token, code: app.code(), deviceId: 'laptop', tokenTransport };
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
  verifySecondFactor: { input: aSecondFactor },
  getSecondFactor: { input: () => ({}) },
  startTotp: {
    input: async ({ userId }, { platform }) => {
      await removeTotp(platform, userId);
      return { password: await givePassword(platform, userId) };
    },
    recordsNothing: 'Nothing is asked for before a first code has confirmed the app.',
  },
  confirmTotp: {
    input: async ({ userId }, { platform }) => ({
      code: (await enrolTotp(platform, userId, { pending: true })).code(),
    }),
  },
  disableTotp: {
    input: async ({ userId }, { platform }) => ({ code: (await enrolTotp(platform, userId)).code() }),
  },
  enableTotp: {
    input: async ({ userId }, { platform }) => {
      await enrolTotp(platform, userId);
      await disableAdded(platform, userId);
      return { password: await givePassword(platform, userId) };
    },
  },
  renewRecoveryCodes: {
    input: async ({ userId }, { platform }) => ({ code: (await enrolTotp(platform, userId)).code() }),
  },
  startPasskey: {
    input: async ({ userId }, { platform }) => {
      await removePasskeys(platform, userId);
      await removeTotp(platform, userId);
      return { password: await givePassword(platform, userId) };
    },
    recordsNothing: 'Nothing is registered before the authenticator has answered.',
  },
  addPasskey: {
    input: async (caller, { platform }) => {
      await removePasskeys(platform, caller.userId);
      await removeTotp(platform, caller.userId);
      const password = await givePassword(platform, caller.userId);
      const { challengeToken, options } = await caller.do('auth.startPasskey', { password });
      return { challengeToken, name: 'Laptop', response: new TestAuthenticator().create(options) };
    },
  },
  enablePasskey: {
    input: async ({ userId }, { platform }) => {
      await removePasskeys(platform, userId, 5);
      await removeTotp(platform, userId);
      const passkeyId = await enrolPasskey(platform, userId);
      await disableAdded(platform, userId);
      return { passkeyId, password: await givePassword(platform, userId) };
    },
  },
  startPasskeySignIn: {
    input: async (caller, scene) => ({ challengeToken: (await aSecondFactor(caller, scene)).challengeToken }),
    recordsNothing: 'Nobody has signed in yet, or failed to.',
  },
  signInWithPasskey: {
    input: async (caller, { platform }) => {
      await removePasskeys(platform, caller.userId);
      const authenticator = new TestAuthenticator();
      await enrolPasskey(platform, caller.userId, authenticator);
      const { challengeToken, options } = await caller.do('auth.startPasskeySignIn', {});
      const response = authenticator.get(options);
      return { challengeToken, response, deviceId: 'laptop', tokenTransport: 'body' as const };
    },
  },
  listOidcIssuers: {
    input: async (caller) => {
      await aProvider(caller);
      return { organization: caller.organization.id };
    },
  },
  startOidc: {
    input: (_caller, { issuer }) => aBeginning(issuer),
    recordsNothing: 'Nobody is known yet whom an event could be about.',
  },
  finishOidc: { input: (caller, scene) => anIssuersAnswer(caller, scene) },
  linkOidc: {
    input: (caller, scene) => aLinkBegun(caller, scene),
    recordsNothing: 'Nothing is linked before the issuer has said who it is.',
  },
  finishOidcLink: { input: aLinkAnswered },
  logoutOidc: { input: anIssuersSession },
  oidcCallback: { input: (caller, scene) => aBrowsersReturn(caller, scene) },
  oidcProviderCallback: {
    input: async (caller, scene) => {
      const { id } = await aProviderToSignInAt(caller, scene);
      return { ...(await aBrowsersReturn(caller, scene, id)), provider: id };
    },
  },
  oidcBackChannelLogout: { input: (caller, scene) => aLogoutToken(caller, scene) },
  oidcProviderBackChannelLogout: {
    input: async (caller, scene) => {
      const { id } = await aProviderToSignInAt(caller, scene);
      return { ...(await aLogoutToken(caller, scene, id)), provider: id };
    },
  },
});
