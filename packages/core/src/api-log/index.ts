import { apiRequestTable, apiUsageTable } from './api-request.entity.ts';

export { type ApiCall, ApiLog } from './api-log.ts';
export { apiLogHandlers, apiLogSchedules } from './api-log.purge.ts';
export * from './api-log.schema.ts';
export { listApiAudit } from './api-audit.queries.ts';
export type { ApiRoute } from './usage-sums.ts';
export { getUsage } from './usage.queries.ts';

export const apiLogTables = [apiRequestTable, apiUsageTable];
