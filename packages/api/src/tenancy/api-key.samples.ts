import type { InputOf } from '../contract/testing/operation-types.ts';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aServiceAccount } from './service-account.samples.ts';

/** The tests make more keys than any tier has room for. */
async function makeRoom({ organization }: Person): Promise<void> {
  const { owner } = organization.people;
  const { data, total = 0 } = await owner.do('apiKeys.list', { sort: 'createdAt', limit: 100, total: true });
  if (total > 200) for (const { id } of data) await owner.do('apiKeys.delete', { id });
}

async function aKey(caller: Person) {
  await makeRoom(caller);
  const { owner } = caller.organization.people;
  return owner.do('apiKeys.create', { name: 'Nightly import', scopes: ['task:read', 'task:create'] });
}

export default samplesOf('apiKeys', {
  list: {
    input: async (caller) => {
      await aKey(caller);
      return { user: [caller.organization.people.owner.userId], active: true };
    },
  },
  create: {
    input: async (caller): Promise<InputOf<'apiKeys.create'>> => {
      await makeRoom(caller);
      const { id: serviceAccountId } = await aServiceAccount(caller);
      return {
        serviceAccountId,
        name: 'Nightly import',
        scopes: ['task:read', 'tag:read'],
        expiresAt: '2096-01-31T09:00:00.000Z',
      };
    },
  },
  get: { input: async (caller) => ({ id: (await aKey(caller)).id }) },
  update: { input: async (caller) => ({ id: (await aKey(caller)).id, name: 'Import', isActive: false }) },
  delete: { input: async (caller) => ({ id: (await aKey(caller)).id }) },
});
