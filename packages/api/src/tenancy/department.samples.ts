import { randomUUID } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';

const aName = () => `Logistics ${randomUUID()}`;

export const aDepartment = ({ organization }: Person) =>
  organization.people.owner.do('departments.create', { name: aName(), headUserId: organization.people.manager.userId });

const aViewer = async ({ organization }: Person) => (await organization.addMember('viewer')).userId;

async function aStaffedDepartment(caller: Person) {
  const [{ id }, userId] = [await aDepartment(caller), await aViewer(caller)];
  await caller.organization.people.owner.do('departments.addMember', { id, userId });
  return { id, userId };
}

export default samplesOf('departments', {
  list: {
    input: async (caller) => ({
      parent: [(await aDepartment(caller)).id],
      within: (await aDepartment(caller)).id,
      search: 'logistics',
    }),
  },
  create: {
    input: async (caller) => ({
      name: aName(),
      description: 'Whatever moves.',
      parentId: (await aDepartment(caller)).id,
      headUserId: caller.userId,
    }),
  },
  get: { input: async (caller) => ({ id: (await aDepartment(caller)).id }) },
  update: {
    input: async (caller) => ({ id: (await aDepartment(caller)).id, name: aName(), headUserId: caller.userId }),
  },
  move: {
    input: async (caller) => ({ id: (await aDepartment(caller)).id, parentId: (await aDepartment(caller)).id }),
  },
  delete: { input: async (caller) => ({ id: (await aDepartment(caller)).id }) },
  listMembers: { input: async (caller) => ({ id: (await aStaffedDepartment(caller)).id }) },
  addMember: {
    input: async (caller) => ({ id: (await aDepartment(caller)).id, userId: await aViewer(caller) }),
  },
  removeMember: { input: aStaffedDepartment },
});
