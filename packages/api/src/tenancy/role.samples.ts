import { randomUUID } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';

const aName = () => `Harbour pilot ${randomUUID()}`;

export const aRole = ({ organization }: Person) =>
  organization.people.owner.do('roles.create', { name: aName(), permissions: ['task:read', 'tag:read'] });

export default samplesOf('roles', {
  list: { input: () => ({}) },
  create: {
    input: async (caller) => ({
      name: aName(),
      key: `pilot-${randomUUID().slice(0, 8)}`,
      permissions: ['task:read' as const],
      constraints: ['assignedOnly' as const],
      parentId: (await aRole(caller)).id,
    }),
  },
  get: { input: async (caller) => ({ id: (await aRole(caller)).id }) },
  update: {
    input: async (caller) => ({
      id: (await aRole(caller)).id,
      name: aName(),
      permissions: ['task:read' as const],
      constraints: ['workingHours' as const],
      parentId: (await aRole(caller)).id,
    }),
  },
  delete: { input: async (caller) => ({ id: (await aRole(caller)).id }) },
});
