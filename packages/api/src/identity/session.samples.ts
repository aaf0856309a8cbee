import { openSessionOf } from '@tenon/core/testing';
import { samplesOf } from '../contract/testing/samples.ts';

export default samplesOf('sessions', {
  list: { input: () => ({ limit: 2, total: true }) },
  end: { input: async ({ userId }, { platform }) => ({ id: (await openSessionOf(platform, userId)).sessionId }) },
});
