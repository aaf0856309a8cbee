import { samplesOf } from '../contract/testing/samples.ts';
import { aProject } from '../work/project.samples.ts';
import { aTask } from '../work/task.samples.ts';

export default samplesOf('events', {
  subscribe: {
    input: async (caller) => ({
      types: ['task.*'],
      entityId: (await aTask(caller)).id,
      projectId: (await aProject(caller)).id,
      after: 0,
    }),
  },
});
