import { samplesOf } from '../contract/testing/samples.ts';
import { aProject } from '../work/project.samples.ts';
import { aTeam } from './team.samples.ts';

export default samplesOf('access', {
  me: { input: () => ({}) },
  explain: {
    input: async (caller) => ({
      permission: 'task:update' as const,
      subject: {
        assigneeIds: [caller.userId],
        teamId: (await aTeam(caller)).id,
        projectId: (await aProject(caller)).id,
        priority: 'high' as const,
      },
      at: '2026-11-21T10:00:00.000Z',
      userId: (await caller.organization.addMember('viewer')).userId,
    }),
  },
});
