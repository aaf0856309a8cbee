import { z } from 'zod';
import { defineEvents, event, lifecycle, purged } from '../../activity/index.ts';
import { id } from '../../kernel/schemas.ts';
import { TaskCreate } from './task.schema.ts';

const task = { title: z.string(), version: z.int() };

/** The fields whose changes are told. What an input may name by a key is told by its id. */
const fields = { ...TaskCreate.shape, parentId: id().nullable(), projectId: id().nullable() };

const blockedBy = z.uuid().describe('The task that it waits for.');

export const taskEvents = defineEvents('task', {
  ...lifecycle('the task', fields, { title: z.string() }),
  updated: event({
    data: task,
    changes: fields,
    summary({ actor, changes: { status, ...others }, data: { title } }) {
      const names = Object.keys(others);
      const moved = status ? [`moved ${title} from ${String(status.from)} to ${String(status.to)}`] : [];
      const changed = names.length > 0 ? [`changed ${names.join(', ')} of ${title}`] : [];
      return `${actor} ${[...moved, ...changed].join(' and ')}`;
    },
  }),
  dependency_added: event({
    data: { ...task, blockedBy },
    summary: ({ actor, data }) => `${actor} made the task ${data.title} wait for another one`,
  }),
  dependency_removed: event({
    data: { ...task, blockedBy },
    summary: ({ actor, data }) => `${actor} let the task ${data.title} no longer wait for another one`,
  }),
  deleted: event({
    data: {
      ...task,
      trashId: z.uuid().optional().describe('Tasks that were trashed together have the same one.'),
      permanent: z.boolean().describe('Whether it was deleted for ever instead of moved to the trash.'),
    },
    summary: ({ actor, data: { title, permanent } }) =>
      permanent ? `${actor} deleted the task ${title} for ever` : `${actor} moved the task ${title} to the trash`,
  }),
  restored: event({ data: task, summary: ({ actor, data }) => `${actor} restored the task ${data.title}` }),
  purged: purged('A task'),
});
