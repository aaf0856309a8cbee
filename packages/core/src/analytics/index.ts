export * from './analytics.schema.ts';
export { getOwnAnalytics, getTaskAnalytics } from './analytics.service.ts';
