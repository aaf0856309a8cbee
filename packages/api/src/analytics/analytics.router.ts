import {
  AnalyticsInput,
  getOwnAnalytics,
  getTaskAnalytics,
  getUsage,
  OwnAnalytics,
  TaskAnalytics,
  Usage,
  UsageInput,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { query } = heading({
  name: 'Analytics',
  description:
    'Figures about tasks, as far as you see the tasks, and about the use of the API. A period is that in which tasks were created.',
  group: 'Work',
  guide: 'analytics',
});

export const analyticsRouter = router({
  tasks: query({
    rest: 'GET /analytics/tasks',
    access: 'analytics:read',
    summary: 'Read figures about tasks',
    input: AnalyticsInput,
    output: TaskAnalytics,
    run: getTaskAnalytics,
  }),
  mine: query({
    rest: 'GET /analytics',
    access: 'analytics:read',
    summary: 'Read figures about your own tasks and about all that you see',
    input: AnalyticsInput,
    output: OwnAnalytics,
    run: getOwnAnalytics,
  }),
  usage: query({
    rest: 'GET /analytics/usage',
    access: 'usage:read',
    summary: 'Read how the API was used in the organization',
    description:
      'Calls in which a member acted in the organization. Each call of a tRPC batch counts, under the route that the operation has over REST. Calls count after two seconds, for 400 days.',
    input: UsageInput,
    output: Usage,
    run: getUsage,
  }),
});
