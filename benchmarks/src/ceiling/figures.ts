import { type Status, statuses } from './fields.ts';

export const priorities = ['low', 'medium', 'high', 'urgent', 'critical'] as const;

const weekMs = 168 * 3_600_000;

export interface Figures {
  total: number;
  byStatus: Record<string, number>;
  byPriority: Record<string, number>;
  overdue: number;
  completedThisWeek: number;
  avgCompletionTimeHours: number | null;
}

const rankOf = (status: Status): number => statuses.indexOf(status);

/**
 * The columns of the figures, counted while the tasks are read once.
 * @param now how the statement names the present instant
 * @param weekAgo the same for that of a week before
 */
export const figureColumns = (now: string, weekAgo: string): string =>
  [
    ...statuses.map((_, rank) => `count(*) filter (where status_rank = ${rank})`),
    ...priorities.map((_, rank) => `count(*) filter (where priority_rank = ${rank})`),
    `count(*) filter (where status_rank < ${rankOf('done')} and due_date < ${now})`,
    `count(*) filter (where completed_at >= ${weekAgo})`,
    `count(actual_hours) filter (where status_rank = ${rankOf('done')})`,
    `coalesce(sum(actual_hours) filter (where status_rank = ${rankOf('done')}), 0)`,
  ].join(', ');

export const weekBefore = (now: Date): Date => new Date(now.getTime() - weekMs);

const named = (names: readonly string[], counts: readonly number[]): Record<string, number> =>
  Object.fromEntries(names.map((name, index) => [name, counts[index] ?? 0]));

/** Makes the figures of a row of these columns. PostgreSQL answers counts as text. */
export function figuresOf(row: readonly unknown[]): Figures {
  const counts = row.map(Number);
  const byStatus = counts.slice(0, statuses.length);
  const [overdue = 0, completedThisWeek = 0, measured = 0, spent = 0] = counts.slice(
    statuses.length + priorities.length,
  );
  return {
    total: byStatus.reduce((sum, count) => sum + count, 0),
    byStatus: named(statuses, byStatus),
    byPriority: named(priorities, counts.slice(statuses.length)),
    overdue,
    completedThisWeek,
    avgCompletionTimeHours: measured === 0 ? null : Math.round(spent / measured) / 100,
  };
}
