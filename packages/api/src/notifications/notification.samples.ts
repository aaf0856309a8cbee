import { addNotification } from '@tenon/core/testing';
import { samplesOf } from '../contract/testing/samples.ts';
import type { Person, Scene } from '../contract/testing/scene.ts';
import { aTask } from '../work/task.samples.ts';

/** A notification of the caller about a task. */
async function aNotification(caller: Person, { platform }: Scene) {
  const { id: taskId } = await aTask(caller);
  const { id: organizationId, people } = caller.organization;
  const { userId } = caller;
  return {
    id: await addNotification(platform, { userId, organizationId, actorId: people.owner.userId, taskId }),
    taskId,
  };
}

const onlySelf = 'It concerns nobody else.';

export default samplesOf('notifications', {
  list: { input: async (caller, scene) => ({ task: [(await aNotification(caller, scene)).taskId], unread: true }) },
  unreadCount: { input: () => ({}) },
  markRead: {
    input: async (caller, scene) => ({ ids: [(await aNotification(caller, scene)).id] }),
    recordsNothing: onlySelf,
  },
  markAllRead: {
    input: async (caller, scene) => {
      await aNotification(caller, scene);
      return {};
    },
    recordsNothing: onlySelf,
  },
});
