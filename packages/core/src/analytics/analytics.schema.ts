import { z } from 'zod';
import { anyIdOr, anyOf, instantIn, output } from '../kernel/schemas.ts';
import { projectRef, type TaskPriority, type TaskStatus } from '../work/index.ts';

const count = () => z.number().int();
const tasksOf = (value: string) => count().describe(`How many tasks are \`${value}\`.`);

const byStatus = {
  todo: tasksOf('todo'),
  in_progress: tasksOf('in_progress'),
  in_review: tasksOf('in_review'),
  done: tasksOf('done'),
  archived: tasksOf('archived'),
} satisfies Record<TaskStatus, z.ZodType>;

const byPriority = {
  low: tasksOf('low'),
  medium: tasksOf('medium'),
  high: tasksOf('high'),
  urgent: tasksOf('urgent'),
  critical: tasksOf('critical'),
} satisfies Record<TaskPriority, z.ZodType>;

export const AnalyticsInput = z.strictObject({
  project: anyOf(z.union([z.literal('none'), projectRef()])).describe(
    'Project ids or keys, or `none` for tasks outside of projects.',
  ),
  team: anyIdOr('none').describe('Team ids, or `none` for tasks of no team.'),
  assignee: anyIdOr('me').describe('`me` or user ids.'),
  createdAfter: instantIn().optional().describe('Inclusive.'),
  createdBefore: instantIn().optional().describe('Inclusive.'),
});
export type AnalyticsInput = z.output<typeof AnalyticsInput>;

export const TaskAnalytics = output('TaskAnalytics', {
  total: count().describe('How many tasks there are.'),
  byStatus: z.object(byStatus).describe('How many tasks have each status.'),
  byPriority: z.object(byPriority).describe('How many tasks have each priority.'),
  overdue: count().describe('Due before now, and neither done nor archived.'),
  completedThisWeek: count().describe('Completed in the last 168 hours, even if archived since.'),
  avgCompletionTimeHours: z
    .number()
    .nullable()
    .describe('The mean of actualHours of the done tasks that have them, with two decimals. Null when none has.'),
});
export type TaskAnalytics = z.output<typeof TaskAnalytics>;

const TaskCounts = output('TaskCounts', {
  total: count().describe('Without archived tasks.'),
  completed: count().describe('With the status `done`.'),
  pending: count().describe('With the status `todo`.'),
  inProgress: count().describe('With the status `in_progress` or `in_review`.'),
});
export type TaskCounts = z.output<typeof TaskCounts>;

export const OwnAnalytics = output('OwnAnalytics', {
  myTasks: TaskCounts.describe('The tasks assigned to you.'),
  teamTasks: TaskCounts.describe('All tasks that you see.'),
  efficiencyScore: z
    .number()
    .describe(
      'From 0 to 100, with one decimal, over your tasks. 60 percent are the share of completed tasks. 40 percent are estimatedHours divided by actualHours, at most 1, summed over completed tasks that have both; without such tasks, the share of completed tasks counts whole.',
    ),
});
export type OwnAnalytics = z.output<typeof OwnAnalytics>;
