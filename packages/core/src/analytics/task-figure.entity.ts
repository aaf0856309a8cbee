import { defineEntity, p } from '@mikro-orm/core';
import { id, tenantKey } from '../database/columns.ts';
import { defineTable } from '../database/table.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** The number of a UTC hour or day since 1970, as the triggers on `tasks` count them. */
export const hourOf = (at: Date): number => Math.floor(at.getTime() / hourMs);
export const dayOf = (at: Date): number => Math.floor(at.getTime() / dayMs);

/** What a row of `task_figures` sums. Tasks in the trash count nowhere. */
export const figures = {
  /** What `parts` names, over all tasks. */
  tasks: 0,
  /** Open tasks by the UTC day on which they are due: days since 1970. */
  due: 1,
  /** Completed tasks by the UTC hour in which they were completed: hours since 1970. Only the latest are kept. */
  completed: 2,
} as const;

/** The parts of `figures.tasks`. */
export const parts = {
  /** The number of tasks with a status: its rank, added to this. */
  status: 0,
  /** The number of tasks with a priority: its rank, added to this. */
  priority: 10,
  /** The number of done tasks with actual hours, and the sum of these in hundredths. */
  measured: 20,
  spent: 21,
} as const;

/**
 * Sums over the tasks of an organization, and of each team, each project, and each team within each project. The nil id stands for all teams
 * or all projects, and the max id for none. A sum of 0 has no row.
 */
const TaskFigureEntity = defineEntity({
  name: 'TaskFigure',
  tableName: 'task_figures',
  properties: {
    organizationId: id().primary(),
    figure: p.smallint().primary(),
    teamId: id().primary(),
    projectId: id().primary(),
    part: p.integer().primary(),
    value: p.double().$type<number>(),
  },
});

/**
 * What has changed since the sums were last brought up to date: a task that counts from now on (sign 1), or that counts no longer (sign -1).
 * Triggers on `tasks` add the rows, which the migrations write by hand, and a fold moves them into the sums (ADR 22).
 */
const TaskFigureChangeEntity = defineEntity({
  name: 'TaskFigureChange',
  tableName: 'task_figure_changes',
  properties: {
    ...tenantKey(),
    sign: p.smallint(),
    teamId: id().nullable(),
    projectId: id().nullable(),
    statusRank: p.smallint(),
    priorityRank: p.smallint(),
    /** The actual hours of a done task, in hundredths. */
    spent: p.integer().nullable(),
    /** The UTC day on which an open task is due. */
    dueDay: p.integer().nullable(),
    /** The UTC hour in which the task was completed. */
    completedHour: p.integer().nullable(),
  },
});

/** Only folds write the sums, behind the system door. */
export const taskFigureTable = defineTable(TaskFigureEntity, {
  kind: 'tenant',
  checkWall: 'false',
  insertOnly: true,
  withoutRowid: true,
});

export const taskFigureChangeTable = defineTable(TaskFigureChangeEntity, {
  kind: 'tenant',
  insertOnly: true,
  withoutRowid: true,
});
