import { Task } from '@tenon/core';
import type { Field, Kind } from './ceiling/fields.ts';

/** The fields that are not columns of `tasks`. The ceiling reads them by joins that are written by hand. */
const joined: ReadonlySet<string> = new Set([
  'key',
  'assignees',
  'tags',
  'blockedBy',
  'blocks',
  'watching',
  'createdBy',
  'updatedBy',
]);

/** The kind of a field. All columns with decimals contain hundredths. */
function kindOf(type: unknown, format: unknown): Kind {
  if (type === 'integer' || type === 'boolean') return type;
  if (type === 'number') return 'hundredths';
  if (type === 'string') return format === 'date-time' ? 'instant' : format === 'uuid' ? 'id' : 'text';
  return 'json';
}

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The fields of a task, in the order of its schema. Those that are shown only on request are left out. A new column needs no change here. */
export const taskFields: readonly Field[] = Object.entries(Task.shape)
  .filter(([, schema]) => !schema.safeParse(undefined).success)
  .map(([name, schema]) => {
    const { type, format, nullable } = schema.toJSONSchema({ io: 'output', target: 'openapi-3.0' });
    return {
      name,
      column: joined.has(name) ? null : snakeCase(name),
      kind: kindOf(type, format),
      nullable: nullable === true,
    };
  });
