import { randomUUID } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';

const aTag = ({ organization }: Person) =>
  organization.people.owner.do('tags.create', { name: `Urgent ${randomUUID()}`, color: '#aa3300' });

export default samplesOf('tags', {
  list: {
    input: async (caller) => {
      await aTag(caller);
      return {};
    },
  },
  create: { input: () => ({ name: `Fragile ${randomUUID()}`, color: '#112233' }) },
  get: { input: async (caller) => ({ id: (await aTag(caller)).id }) },
  update: { input: async (caller) => ({ id: (await aTag(caller)).id, name: `Heavy ${randomUUID()}` }) },
  delete: { input: async (caller) => ({ id: (await aTag(caller)).id }) },
  merge: { input: async (caller) => ({ id: (await aTag(caller)).id, intoId: (await aTag(caller)).id }) },
});
