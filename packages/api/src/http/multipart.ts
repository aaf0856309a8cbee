import { Busboy } from '@fastify/busboy';
import { filePart } from './file-part.ts';

/*
 * Imported on demand, because most servers read few files. A module of its own, because a CommonJS library that is imported on demand has
 * no named exports in the bundle.
 */

/** There is one file, and no field. A few fields are read, so that the answer can name them. */
const limits = { files: 1, fields: 10, parts: 12, fieldSize: 1024, headerPairs: 20, headerSize: 8 * 1024 };

/** Makes the parser of a form by its Content-Type. */
export const parserOf = (contentType: string) =>
  new Busboy({ headers: { 'content-type': contentType }, limits, isPartAFile: (name) => name === filePart });
