import { samplesOf } from '../contract/testing/samples.ts';
import { aTask } from '../work/task.samples.ts';

export default samplesOf('audit', {
  list: {
    input: async (caller) => ({ actor: [caller.userId], entityType: 'task', entityId: (await aTask(caller)).id }),
  },
  head: { input: () => ({}) },
  verify: { input: () => ({}), recordsNothing: 'It only reads. It is a mutation because it may start a job.' },
  export: { input: () => ({ format: 'csv' as const }) },
});
