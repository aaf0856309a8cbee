import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aProject } from './project.samples.ts';

const aViewer = async ({ organization }: Person) => (await organization.addMember('viewer')).userId;

async function aStaffedProject(caller: Person) {
  const [{ id }, userId] = [await aProject(caller), await aViewer(caller)];
  await caller.organization.people.owner.do('projectMembers.add', { id, userId });
  return { id, userId };
}

export default samplesOf('projectMembers', {
  list: { input: async (caller) => ({ id: (await aProject(caller)).id }) },
  add: { input: async (caller) => ({ id: (await aProject(caller)).id, userId: await aViewer(caller) }) },
  remove: { input: aStaffedProject },
});
