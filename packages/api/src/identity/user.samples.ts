import { enrolTotp, openSessionOf } from '@tenon/core/testing';
import { randomUUID } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';

/** Nobody who signs in: what becomes of them disturbs nobody. */
const somebody = async ({ organization }: Person) => ({ userId: (await organization.addMember('viewer')).userId });

export default samplesOf('users', {
  me: { input: () => ({}) },
  updateMe: { input: () => ({ fullName: `Ada King ${randomUUID()}`, timezone: 'Europe/Berlin' }) },
  setAvatar: { input: () => ({}) },
  removeAvatar: {
    input: async (caller) => {
      await caller.do('users.setAvatar', {});
      return {};
    },
  },
  getAvatar: {
    input: async (caller) => {
      await caller.do('users.setAvatar', {});
      return { userId: caller.userId };
    },
  },
  list: { input: ({ email }) => ({ search: email, active: true, limit: 10, total: true }) },
  get: { input: ({ userId }) => ({ userId }) },
  deactivate: { input: somebody },
  activate: {
    input: async (caller) => {
      const path = await somebody(caller);
      await caller.do('users.deactivate', path);
      return path;
    },
  },
  endSessions: {
    input: async (caller, { platform }) => {
      const path = await somebody(caller);
      await openSessionOf(platform, path.userId);
      return path;
    },
  },
  resetSecondFactor: {
    input: async (caller, { platform }) => {
      const path = await somebody(caller);
      await enrolTotp(platform, path.userId);
      return path;
    },
  },
});
