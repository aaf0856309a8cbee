import { samplesOf } from '../contract/testing/samples.ts';
import { aTask } from '../work/task.samples.ts';

export default samplesOf('activity', {
  list: {
    input: async (caller) => ({ actor: [caller.userId], entityType: 'task', entityId: (await aTask(caller)).id }),
  },
});
