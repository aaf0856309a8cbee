import { samplesOf } from '../contract/testing/samples.ts';
import type { Person } from '../contract/testing/scene.ts';
import { aTask } from './task.samples.ts';

/** A comment that the caller has written, where they may write one. */
async function aComment(caller: Person) {
  const { id, title } = await aTask(caller);
  const author = caller.can('comment:create') ? caller : caller.organization.people.owner;
  const comment = await author.do('comments.create', { taskId: id, body: `About ${title}` });
  return { taskId: id, commentId: comment.id };
}

async function aTrashedComment(caller: Person) {
  const path = await aComment(caller);
  const deleter = caller.can('comment:create') ? caller : caller.organization.people.owner;
  await deleter.do('comments.delete', path);
  return path;
}

export default samplesOf('comments', {
  list: { input: async (caller) => ({ taskId: (await aComment(caller)).taskId }) },
  get: { input: aComment },
  create: {
    input: async (caller) => {
      const { taskId, commentId } = await aComment(caller);
      return { taskId, body: 'The third shelf is new.', parentId: commentId };
    },
  },
  update: { input: async (caller) => ({ ...(await aComment(caller)), body: 'The fourth shelf is new.' }) },
  delete: { input: aComment },
  restore: { input: aTrashedComment },
});
