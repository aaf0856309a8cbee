import { type Field, fields, type Kind } from './fields.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: 'string', nullable: true } as const;

const person = { type: 'object', properties: { id: text, username: textOrNull, fullName: textOrNull } } as const;
const tag = { type: 'object', properties: { id: text, name: text, color: text } } as const;

/** The schemas of the fields that are joined to a task. */
const joined: Readonly<Record<string, object>> = {
  key: { type: 'null' },
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

export const taskPageSchema = {
  type: 'object',
  properties: { data: { type: 'array', items: taskSchema }, nextCursor: textOrNull },
} as const;
