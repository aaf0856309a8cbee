export { defineRecord, type Resource } from './record.ts';
