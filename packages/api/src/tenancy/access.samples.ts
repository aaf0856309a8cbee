import { samplesOf } from '../contract/testing/samples.ts';

export default samplesOf('access', {
  me: { input: () => ({}) },
  explain: {
    input: (caller) => ({
      permission: 'task:update' as const,
      subject: { assigneeIds: [caller.userId], teamId: null, priority: 'high' as const },
      at: '2026-11-21T10:00:00.000Z',
    }),
  },
});
