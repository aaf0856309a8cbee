import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aProject } from './project.samples.ts';

const aViewer = async ({ organization }: Person) => (await organization.addMember('viewer')).userId;

async function aStaffedProject(caller: Person) {
  const [{ id }, userId] = [await aProject(caller), await aViewer(caller)];
  await caller.organization.people.owner.do('projectMembers.add', { projectId: id, userId });
  return { projectId: id, userId };
}

export default samplesOf('projectMembers', {
  list: { input: async (caller) => ({ projectId: (await aProject(caller)).id }) },
  add: { input: async (caller) => ({ projectId: (await aProject(caller)).id, userId: await aViewer(caller) }) },
  remove: { input: aStaffedProject },
});
