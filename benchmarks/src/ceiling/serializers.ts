import { type Field, fields, type Kind, statuses } from './fields.ts';
import { priorities } from './figures.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: 'string', nullable: true } as const;

const person = { type: 'object', properties: { id: text, username: textOrNull, fullName: textOrNull } } as const;
const tag = { type: 'object', properties: { id: text, name: text, color: text } } as const;

/** The schemas of the fields that are joined to a task. */
const joined: Readonly<Record<string, object>> = {
  key: textOrNull,
  assignees: { type: 'array', items: person },
  tags: { type: 'array', items: tag },
  createdBy: person,
  updatedBy: person,
};

const types: Readonly<Record<Kind, object>> = {
  id: text,
  text,
  instant: text,
  integer: { type: 'integer' },
  hundredths: { type: 'number' },
  boolean: { type: 'boolean' },
  json: {},
};

const schemaOf = ({ name, kind, nullable }: Field): object =>
  joined[name] ?? { ...types[kind], ...(nullable && { nullable }) };

/** Fastify compiles this into a function that writes the JSON of a task. */
export const taskSchema = {
  type: 'object',
  properties: Object.fromEntries(fields.map((field) => [field.name, schemaOf(field)])),
} as const;

const list = (item: object) =>
  ({ type: 'object', properties: { data: { type: 'array', items: item }, nextCursor: textOrNull } }) as const;

export const taskPageSchema = list(taskSchema);

const entity = { type: 'object', properties: { type: text, id: text } } as const;

export const activityPageSchema = list({
  type: 'object',
  properties: {
    id: text,
    type: text,
    actor: person,
    apiKeyId: textOrNull,
    entity,
    parent: { type: 'null' },
    changes: { type: 'object', additionalProperties: true },
    data: { type: 'object', additionalProperties: true },
    summary: text,
    at: text,
  },
});

const counts = (names: readonly string[]) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, types.integer])),
});

export const figuresSchema = {
  type: 'object',
  properties: {
    total: types.integer,
    byStatus: counts(statuses),
    byPriority: counts(priorities),
    overdue: types.integer,
    completedThisWeek: types.integer,
    avgCompletionTimeHours: { type: 'number', nullable: true },
  },
} as const;

export const bulkSchema = {
  type: 'object',
  properties: {
    data: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          index: types.integer,
          id: text,
          status: types.integer,
          task: taskSchema,
          problem: { type: 'null' },
        },
      },
    },
    succeeded: types.integer,
    failed: types.integer,
  },
} as const;
