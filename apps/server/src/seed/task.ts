import { type Tag, type TaskCreate, taskPriorities, type TaskStatus } from '@tenon/core';
import type { Random } from './random.ts';
import { taskDescription, taskTitle } from './vocabulary.ts';

const dayMs = 86_400_000;
/** The age of the oldest task, in days. */
const historyDays = 180;

const statusShares: readonly (readonly [TaskStatus, number])[] = [
  ['todo', 0.4],
  ['in_progress', 0.2],
  ['in_review', 0.1],
  ['done', 0.25],
  ['archived', 0.05],
];

function pickStatus(random: Random): TaskStatus {
  let left = random.next();
  for (const [status, share] of statusShares) if ((left -= share) < 0) return status;
  return 'todo';
}

/** Returns a random number of hours, in quarters of an hour. */
export const hours = (random: Random): number => (1 + random.below(64)) / 4;

/** What the tasks of one organization refer to. */
export interface Surroundings {
  members: readonly { userId: string }[];
  tags: readonly Tag[];
  teamIds: readonly string[];
}

/** Returns a function that says when a task was created, by its number. Tasks are spread over the history in the order of their numbers. */
export function historyOf(random: Random, tasks: number, now: Date): (number: number) => Date {
  const begin = now.getTime() - historyDays * dayMs;
  return (number) => new Date(begin + Math.floor(((number + random.next()) / tasks) * historyDays * dayMs));
}

export function madeUpTask(random: Random, at: Date, { members, tags, teamIds }: Surroundings) {
  const status = pickStatus(random);
  return {
    title: taskTitle(random),
    ...(random.chance(0.5) ? { description: taskDescription(random) } : {}),
    status,
    priority: random.pick(taskPriorities),
    ...(random.chance(0.7) ? { dueDate: new Date(at.getTime() + random.below(60) * dayMs).toISOString() } : {}),
    ...(random.chance(0.5) ? { estimatedHours: hours(random) } : {}),
    ...(status === 'done' ? { actualHours: hours(random) } : {}),
    ...(random.chance(0.8) ? { teamId: random.pick(teamIds) } : {}),
    assigneeIds: [random.pick(members).userId],
    tagIds: random.some(tags, 2).map((tag) => tag.id),
  } satisfies TaskCreate;
}
