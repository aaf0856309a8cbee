import { jobTable } from './job.entity.ts';

export { inBatches } from './batches.ts';
export { eraseRowsOf } from './erase.ts';
export { enqueue } from './enqueue.ts';
export { type JobHandler, type JobHandlers, type JobPayload, type JobRun } from './handler.ts';
export { maintenanceHandlers, maintenanceSchedules } from './maintenance.ts';
export { type QueueDepth, queueDepth } from './queue.ts';
export { JobRunner } from './runner.ts';
export type { Schedule } from './schedules.ts';

export const jobTables = [jobTable];
