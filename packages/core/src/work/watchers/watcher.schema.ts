import { z } from 'zod';
import { id, input, output, pageInput, Person } from '../../kernel/schemas.ts';
import { taskRef } from '../tasks/task.schema.ts';
import { storedReasons } from './watcher.entity.ts';

export const Watcher = output('Watcher', {
  user: Person.describe('Who watches.'),
  reason: z
    .enum(['creator', 'assignee', ...storedReasons])
    .describe('Why they watch. The creator and the assignees always do, but may mute the task.'),
  muted: z.boolean().describe('Whether they are told nothing about the task.'),
});
export type Watcher = z.output<typeof Watcher>;

export const WatcherListInput = z.strictObject({ taskId: taskRef().describe('The task.'), ...pageInput });
export type WatcherListInput = z.output<typeof WatcherListInput>;

export const TaskWatch = input('TaskWatch', {
  id: taskRef(),
  muted: z.boolean().default(false).describe('Whether to be told nothing about the task.'),
});
export type TaskWatch = z.output<typeof TaskWatch>;

export const WatcherPath = z.strictObject({ taskId: taskRef().describe('The task.'), userId: id() });
export type WatcherPath = z.output<typeof WatcherPath>;
