import { Task } from '@tenon/core';
import type { Field, Kind } from './ceiling/fields.ts';

/** What the wire shows of a task beside its columns: the ceiling joins these by hand. */
const joined: ReadonlySet<string> = new Set(['key', 'assignees', 'tags', 'createdBy', 'updatedBy']);

/** Numbers with decimals are kept as hundredths everywhere. */
function kindOf(type: unknown, format: unknown): Kind {
  if (type === 'integer' || type === 'boolean') return type;
  if (type === 'number') return 'hundredths';
  if (type === 'string') return format === 'date-time' ? 'instant' : 'text';
  return 'json';
}

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The fields of a task, in the order of its schema: a field that is added there needs no change here. */
export const taskFields: readonly Field[] = Object.entries(Task.shape).map(([name, schema]) => {
  const { type, format, nullable } = schema.toJSONSchema({ io: 'output', target: 'openapi-3.0' });
  return {
    name,
    column: joined.has(name) ? null : snakeCase(name),
    kind: kindOf(type, format),
    nullable: nullable === true,
  };
});
