import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aTask } from './task.samples.ts';

/** A task, and somebody who sees it and does not watch it. */
async function aTaskAndAViewer(caller: Person) {
  const { id } = await aTask(caller);
  return { taskId: id, userId: (await caller.organization.addMember('viewer')).userId };
}

export default samplesOf('taskWatchers', {
  list: { input: async (caller) => ({ taskId: (await aTask(caller)).id }) },
  add: { input: aTaskAndAViewer },
  remove: {
    input: async (caller) => {
      const path = await aTaskAndAViewer(caller);
      await caller.organization.people.owner.do('taskWatchers.add', path);
      return path;
    },
  },
});
