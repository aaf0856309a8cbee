import { ActivityListInput, ActivityLogPage, listActivity } from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { query } = heading({
  name: 'Activity',
  description: 'What happened in the organization, as far as you see what it happened to.',
  group: 'Events and audit',
});

export const activityRouter = router({
  list: query({
    rest: 'GET /activity',
    access: 'activity:read',
    summary: 'List what happened in the organization',
    description:
      'The newest first. A page reads at most 2,000 entries where a filter leaves entries out, so it can have fewer than you asked for, or none. Read on while nextCursor is not null.',
    input: ActivityListInput,
    output: ActivityLogPage,
    run: listActivity,
  }),
});
