export { type IncludeReader, including } from './includes.ts';
export { inRange } from './list.ts';
export { defineRecord } from './record.ts';
export { mutateWithFile } from './upload.ts';
