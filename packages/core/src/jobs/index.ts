import { jobTable } from './job.entity.ts';

export { inBatches } from './batches.ts';
export { eraseRowsOf } from './erase.ts';
export { cancelJob, enqueue, startJob } from './enqueue.ts';
export { sweepAvatars, sweepFolder } from './file-sweep.ts';
export { type JobHandler, type JobHandlers, type JobPayload, type JobRun, stepRows } from './handler.ts';
export { getJob, jobErrors } from './job.queries.ts';
export { Job } from './job.schema.ts';
export { maintenanceHandlers, maintenanceSchedules } from './maintenance.ts';
export { isRefusal, type QueueDepth, queueDepth } from './queue.ts';
export { JobRunner } from './runner.ts';
export type { Schedule } from './schedules.ts';

export const jobTables = [jobTable];
