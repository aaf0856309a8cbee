import { sql } from 'kysely';
import { anyOf, countAll } from '../database/sql.ts';
import { statement, type StatementValues } from '../database/statement.ts';
import { nilId } from '../kernel/ids.ts';
import type { IncludeReader } from '../records/index.ts';
import { type Project, taskStatuses } from '../work/index.ts';
import { figures, parts } from './task-figure.entity.ts';

interface Counted {
  projectId: string;
  total: number;
  done: number;
}

interface Projects extends StatementValues {
  ids: readonly string[];
  /** The nil id: the sums over all teams. */
  teams: readonly string[];
}

const isDone = sql.lit(parts.status + taskStatuses.indexOf('done'));

/** All tasks of some projects, from the sums and what has changed since the last fold. */
const summed = statement<Projects, Counted>((db, { ids, teams }, dialect) => {
  const sums = db
    .selectFrom('task_figures')
    .select(['task_figures.project_id', 'task_figures.part', 'task_figures.value'])
    .where('task_figures.figure', '=', sql.lit(figures.tasks))
    .where(sql<boolean>`task_figures.part < ${sql.lit(parts.status + taskStatuses.length)}`)
    .where(anyOf(dialect, 'task_figures.team_id', teams))
    .where(anyOf(dialect, 'task_figures.project_id', ids));
  const changes = db
    .selectFrom('task_figure_changes')
    .select([
      'task_figure_changes.project_id',
      'task_figure_changes.status_rank as part',
      'task_figure_changes.sign as value',
    ])
    .where(anyOf(dialect, 'task_figure_changes.project_id', ids));
  return db
    .selectFrom(sums.unionAll(changes as never).as('counted'))
    .select([
      'counted.project_id as projectId',
      sql<number>`cast(sum(counted.value) as integer)`.as('total'),
      sql<number>`cast(sum(case when counted.part = ${isDone} then counted.value else 0 end) as integer)`.as('done'),
    ])
    .groupBy('counted.project_id');
});

/** The tasks of some projects that the caller sees. */
const counted = statement<Projects, Counted>((db, { ids }, dialect) =>
  db
    .selectFrom('tasks')
    .select([
      sql<string>`tasks.project_id`.as('projectId'),
      countAll().as('total'),
      sql<number>`cast(sum(case when tasks.status = 'done' then 1 else 0 end) as integer)`.as('done'),
    ])
    .where(anyOf(dialect, 'tasks.project_id', ids))
    .where('tasks.deleted_at', 'is', null)
    .groupBy('tasks.project_id'),
);

/** Reads how many tasks the caller sees in each project, and how many of them are done. Whoever sees all of them reads sums. */
export const readTaskCounts: IncludeReader<Project> = async (db, ids) => {
  const seesAll = db.visibility('task:read') === 'all';
  const rows = await db.run(seesAll ? summed : counted, { ids, teams: [nilId] });
  const found = new Map(rows.map(({ projectId, total, done }) => [projectId, { total, done }]));
  return (id) => ({ taskCounts: found.get(id) ?? { total: 0, done: 0 } });
};
