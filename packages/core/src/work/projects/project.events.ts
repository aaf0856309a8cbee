import { z } from 'zod';
import { defineEvents, event, lifecycle, purged } from '../../activity/index.ts';
import { ProjectCreate } from './project.schema.ts';

const project = { name: z.string(), version: z.int() };
const member = { userId: z.uuid() };

export const projectEvents = defineEvents('project', {
  ...lifecycle('the project', ProjectCreate.shape, { name: z.string() }),
  archived: event({ data: project, summary: ({ actor, data }) => `${actor} archived the project ${data.name}` }),
  unarchived: event({
    data: project,
    summary: ({ actor, data }) => `${actor} took the project ${data.name} out of the archive`,
  }),
  deleted: event({
    data: {
      ...project,
      trashId: z.uuid().optional().describe('The same as that of the tasks that were trashed with it.'),
      permanent: z.boolean().describe('Whether it was deleted for ever instead of moved to the trash.'),
    },
    summary: ({ actor, data: { name, permanent } }) =>
      permanent ? `${actor} deleted the project ${name} for ever` : `${actor} moved the project ${name} to the trash`,
  }),
  restored: event({ data: project, summary: ({ actor, data }) => `${actor} restored the project ${data.name}` }),
  purged: purged('A project'),
  member_added: event({ data: member, summary: ({ actor }) => `${actor} added a member to a project` }),
  member_removed: event({ data: member, summary: ({ actor }) => `${actor} removed a member from a project` }),
});
