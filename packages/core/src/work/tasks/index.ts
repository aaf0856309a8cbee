export { requireTask } from './task.queries.ts';
export { loadTask } from './task.service.ts';
