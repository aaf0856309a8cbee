import { type InputOf, samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';

const aKey = ({ organization }: Person) =>
  organization.people.owner.do('apiKeys.create', { name: 'Nightly import', scopes: ['task:read', 'task:create'] });

export default samplesOf('apiKeys', {
  list: {
    input: async (caller) => {
      await aKey(caller);
      return { user: [caller.organization.people.owner.userId], active: true };
    },
  },
  create: {
    input: (): InputOf<'apiKeys.create'> => ({
      name: 'Nightly import',
      scopes: ['task:read', 'tag:read'],
      expiresAt: '2096-01-31T09:00:00.000Z',
    }),
  },
  get: { input: async (caller) => ({ id: (await aKey(caller)).id }) },
  update: { input: async (caller) => ({ id: (await aKey(caller)).id, name: 'Import', isActive: false }) },
  delete: { input: async (caller) => ({ id: (await aKey(caller)).id }) },
});
