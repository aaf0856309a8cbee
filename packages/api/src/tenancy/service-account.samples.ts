import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';

const fields = ({ organization }: Person) => ({ name: 'Importer', roleIds: [organization.roleIds.viewer] });

export const aServiceAccount = (caller: Person) =>
  caller.organization.people.owner.do('serviceAccounts.create', fields(caller));

export default samplesOf('serviceAccounts', {
  list: {
    input: async (caller) => {
      await aServiceAccount(caller);
      return {};
    },
  },
  create: { input: fields },
  get: { input: async (caller) => ({ id: (await aServiceAccount(caller)).id }) },
  update: { input: async (caller) => ({ id: (await aServiceAccount(caller)).id, name: 'Exporter', isActive: false }) },
  delete: { input: async (caller) => ({ id: (await aServiceAccount(caller)).id }) },
});
