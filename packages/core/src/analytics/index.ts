import { projectIncludeReaders } from '../work/index.ts';
import { readTaskCounts } from './project-counts.ts';
import { taskFigureChangeTable, taskFigureTable } from './task-figure.entity.ts';

export * from './analytics.schema.ts';
export { getOwnAnalytics, getTaskAnalytics } from './analytics.service.ts';
export { figureHandlers, figureSchedules, foldFigures } from './fold.ts';
export { createFoldLoop } from './fold-loop.ts';

projectIncludeReaders.set('taskCounts', readTaskCounts);

/** The sums before the changes: rows are erased in the opposite order, so no fold adds to sums that are erased. */
export const analyticsTables = [taskFigureTable, taskFigureChangeTable];
