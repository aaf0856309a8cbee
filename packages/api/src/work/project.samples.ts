import { randomBytes } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';

const aKey = () => `P${randomBytes(4).toString('hex').toUpperCase()}`;

export const aProject = ({ organization }: Person) =>
  organization.people.owner.do('projects.create', { key: aKey(), name: 'A new hall' });

async function aTrashedProject(caller: Person) {
  const { id } = await aProject(caller);
  await caller.organization.people.owner.do('projects.delete', { id });
  return { id };
}

export default samplesOf('projects', {
  list: {
    input: async (caller) => {
      await aProject(caller);
      return { lead: [caller.userId], member: [caller.userId], search: 'hall' };
    },
  },
  create: {
    input: (caller) => ({
      key: aKey(),
      name: 'An old hall',
      description: 'Behind the yard.',
      leadId: caller.userId,
    }),
  },
  get: { input: async (caller) => ({ id: (await aProject(caller)).id }) },
  update: {
    input: async (caller) => ({
      id: (await aProject(caller)).id,
      key: aKey(),
      name: 'A third hall',
      leadId: caller.userId,
    }),
  },
  delete: { input: async (caller) => ({ id: (await aProject(caller)).id }) },
  restore: { input: aTrashedProject },
  archive: { input: async (caller) => ({ id: (await aProject(caller)).id }) },
  unarchive: {
    input: async (caller) => {
      const { id } = await aProject(caller);
      await caller.organization.people.owner.do('projects.archive', { id });
      return { id };
    },
  },
});
