import { startTestJob } from '@tenon/core/testing';
import { samplesOf } from '../contract/testing/samples.ts';

export default samplesOf('jobs', {
  get: {
    input: async ({ userId, organization }, { platform }) => ({
      id: (await startTestJob(platform, organization.id, userId)).id,
    }),
  },
});
