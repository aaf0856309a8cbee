import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aTask } from './task.samples.ts';

async function aComment(caller: Person) {
  const { id, title } = await aTask(caller);
  const comment = await caller.organization.people.owner.do('comments.create', { id, body: `About ${title}` });
  return { id, commentId: comment.id };
}

export default samplesOf('comments', {
  list: { input: async (caller) => ({ id: (await aComment(caller)).id }) },
  get: { input: aComment },
  create: { input: async (caller) => ({ id: (await aTask(caller)).id, body: 'The third shelf is new.' }) },
});
