export { defineRecord } from './record.ts';
export { mutateWithFile } from './upload.ts';
