import { randomUUID } from 'node:crypto';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aDepartment } from './department.samples.ts';

const aName = () => `Night shift ${randomUUID()}`;

export const aTeam = ({ organization }: Person) => organization.people.owner.do('teams.create', { name: aName() });

const aViewer = async ({ organization }: Person) => (await organization.addMember('viewer')).userId;

async function aStaffedTeam(caller: Person) {
  const [{ id }, userId] = [await aTeam(caller), await aViewer(caller)];
  await caller.organization.people.owner.do('teams.addMember', { id, userId });
  return { id, userId };
}

export default samplesOf('teams', {
  list: {
    input: async (caller) => {
      await aTeam(caller);
      return {
        department: [(await aDepartment(caller)).id],
        subtree: true,
        member: [caller.userId],
        search: 'night',
      };
    },
  },
  create: {
    input: async (caller) => ({
      name: aName(),
      description: 'From ten to six.',
      departmentId: (await aDepartment(caller)).id,
    }),
  },
  get: { input: async (caller) => ({ id: (await aTeam(caller)).id }) },
  update: {
    input: async (caller) => ({
      id: (await aTeam(caller)).id,
      name: aName(),
      departmentId: (await aDepartment(caller)).id,
    }),
  },
  delete: { input: async (caller) => ({ id: (await aTeam(caller)).id }) },
  listMembers: { input: async (caller) => ({ id: (await aStaffedTeam(caller)).id }) },
  addMember: { input: async (caller) => ({ id: (await aTeam(caller)).id, userId: await aViewer(caller) }) },
  removeMember: { input: aStaffedTeam },
});
