export { defineRecord } from './record.ts';
