import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aTask } from './task.samples.ts';

async function aDiscussedTask(caller: Person) {
  const task = await aTask(caller);
  await caller.organization.people.owner.do('comments.create', { id: task.id, body: `About ${task.title}` });
  return task;
}

export default samplesOf('comments', {
  list: { input: async (caller) => ({ id: (await aDiscussedTask(caller)).id }) },
  create: { input: async (caller) => ({ id: (await aTask(caller)).id, body: 'The third shelf is new.' }) },
});
