import { randomUUID } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';

export default samplesOf('organizations', {
  create: {
    input: () => ({ name: 'Harbour Works', slug: `harbour-${randomUUID()}`, settings: { weekStart: 'monday' } }),
  },
  listMine: { input: () => ({}) },
  me: { input: () => ({}) },
  get: { input: ({ organization }) => ({ organizationId: organization.id }) },
  update: { input: ({ organization }) => ({ organizationId: organization.id, name: `Renamed ${randomUUID()}` }) },
});
