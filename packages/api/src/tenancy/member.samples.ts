import { randomUUID } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';

const path = ({ organization }: Person) => ({ organizationId: organization.id });

/** Nobody who signs in: what they are may change. */
const aViewer = async ({ organization }: Person) => ({ userId: (await organization.addMember('viewer')).userId });

export default samplesOf('members', {
  list: { input: path },
  add: {
    input: (caller) => ({
      ...path(caller),
      email: `${randomUUID()}@example.com`,
      roleIds: [caller.organization.roleIds.viewer],
    }),
  },
  setRoles: {
    input: async (caller) => ({
      ...path(caller),
      ...(await aViewer(caller)),
      roleIds: [caller.organization.roleIds.auditor],
    }),
  },
  update: {
    input: async (caller) => ({ ...path(caller), ...(await aViewer(caller)), title: `Harbour Master ${randomUUID()}` }),
  },
  suspend: { input: async (caller) => ({ ...path(caller), ...(await aViewer(caller)) }) },
  reinstate: {
    input: async (caller) => {
      const input = { ...path(caller), ...(await aViewer(caller)) };
      await caller.organization.people.owner.do('members.suspend', input);
      return input;
    },
  },
  reassignTasks: {
    input: async (caller) => {
      const { userId } = await aViewer(caller);
      const title = `Paint the hull ${randomUUID()}`;
      await caller.organization.people.owner.do('tasks.create', { title, assigneeIds: [userId] });
      return { ...path(caller), userId, toUserId: caller.userId };
    },
  },
  endSessions: { input: async (caller) => ({ ...path(caller), ...(await aViewer(caller)) }) },
  remove: { input: async (caller) => ({ ...path(caller), ...(await aViewer(caller)) }) },
});
