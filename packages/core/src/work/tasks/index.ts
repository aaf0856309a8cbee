export { linksOfTask } from './task.links.ts';
export { requireTask } from './task.queries.ts';
export { tasks, taskSubject } from './task.record.ts';
