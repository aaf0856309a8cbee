import { maxId, nilId } from '../kernel/ids.ts';
import { taskStatuses } from '../work/index.ts';
import type { Dump, Row } from './dump.ts';

const hourMs = 3_600_000;

/** The tables that `figureDifferences` reads. */
export const figureTables = ['tasks', 'task_figures', 'task_figure_changes'];

/** An instant as a database stores it. Null for none. */
function msOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? Date.parse(value) : null;
}

/** What a task, or a change of one, counts as. Completed tasks count only from an hour on. */
interface Counted {
  sign: number;
  status: unknown;
  priority: unknown;
  spent: unknown;
  dueDay: number | null;
  completedHour: number | null;
}

function countedTask(task: Row): Counted {
  const rank = Number(task['status_rank']);
  const [due, completed] = [msOf(task['due_date']), msOf(task['completed_at'])];
  return {
    sign: 1,
    status: rank,
    priority: task['priority_rank'],
    spent: rank === taskStatuses.indexOf('done') ? task['actual_hours'] : null,
    dueDay: rank < taskStatuses.indexOf('done') && due !== null ? Math.floor(due / 24 / hourMs) : null,
    completedHour: completed === null ? null : Math.floor(completed / hourMs),
  };
}

const countedChange = (change: Row): Counted => ({
  sign: Number(change['sign']),
  status: change['status_rank'],
  priority: change['priority_rank'],
  spent: change['spent'],
  dueDay: change['due_day'] as number | null,
  completedHour: change['completed_hour'] as number | null,
});

/**
 * Compares the sums of figures, and the changes that are not folded yet, with a count of the tasks one by one.
 * @param dump has `figureTables`
 * @returns what is not equal, as texts
 */
export function figureDifferences(dump: Dump, now: Date): string[] {
  const oldestHour = Math.floor(now.getTime() / hourMs) - 168;
  const counts = new Map<string, number>();
  const add = (row: Row, figure: number, team: unknown, project: unknown, part: unknown, value: number): void => {
    if (figure === 2 && Number(part) < oldestHour) return;
    const key = [row['organization_id'], figure, team, project, part].join(' ');
    counts.set(key, (counts.get(key) ?? 0) + value);
  };
  const count = (row: Row, factor: number, counted: Counted): void => {
    const sign = factor * counted.sign;
    const { spent, dueDay, completedHour } = counted;
    for (const team of [nilId, row['team_id'] ?? maxId])
      for (const project of [nilId, row['project_id'] ?? maxId]) {
        add(row, 0, team, project, counted.status, sign);
        add(row, 0, team, project, 10 + Number(counted.priority), sign);
        if (spent !== null) add(row, 0, team, project, 20, sign);
        if (spent !== null) add(row, 0, team, project, 21, sign * Number(spent));
        if (dueDay !== null) add(row, 1, team, project, dueDay, sign);
        if (completedHour !== null) add(row, 2, team, project, completedHour, sign);
      }
  };
  for (const task of dump['tasks'] ?? []) if (task['deleted_at'] === null) count(task, 1, countedTask(task));
  for (const change of dump['task_figure_changes'] ?? []) count(change, -1, countedChange(change));
  for (const sum of dump['task_figures'] ?? [])
    add(sum, Number(sum['figure']), sum['team_id'], sum['project_id'], sum['part'], -Number(sum['value']));
  return [...counts].filter(([, value]) => value !== 0).map(([key, value]) => `${key}: ${value} are missing`);
}
