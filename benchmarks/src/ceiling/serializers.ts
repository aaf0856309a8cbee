const text = { type: 'string' } as const;
const textOrNull = { type: 'string', nullable: true } as const;
const numberOrNull = { type: 'number', nullable: true } as const;
const integer = { type: 'integer' } as const;

const person = { type: 'object', properties: { id: text, username: textOrNull, fullName: textOrNull } } as const;
const tag = { type: 'object', properties: { id: text, name: text, color: text } } as const;

/** Compiled by Fastify into a function that writes a task's JSON. */
export const taskSchema = {
  type: 'object',
  properties: {
    id: text,
    number: integer,
    key: { type: 'null' },
    title: text,
    description: textOrNull,
    status: text,
    priority: text,
    dueDate: textOrNull,
    startDate: textOrNull,
    estimatedHours: numberOrNull,
    actualHours: numberOrNull,
    completedAt: textOrNull,
    parentId: textOrNull,
    teamId: textOrNull,
    assignees: { type: 'array', items: person },
    tags: { type: 'array', items: tag },
    createdBy: person,
    updatedBy: person,
    createdAt: text,
    updatedAt: text,
    deletedAt: textOrNull,
    version: integer,
  },
} as const;

export const taskPageSchema = {
  type: 'object',
  properties: { data: { type: 'array', items: taskSchema }, nextCursor: textOrNull },
} as const;
