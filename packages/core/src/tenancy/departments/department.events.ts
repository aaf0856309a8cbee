import { z } from 'zod';
import { defineEvents, event, lifecycle } from '../../activity/index.ts';
import { DepartmentCreate } from './department.schema.ts';

const member = { userId: z.uuid() };

export const departmentEvents = defineEvents('department', {
  ...lifecycle('the department', DepartmentCreate.shape, { name: z.string(), parentId: z.uuid().nullable() }),
  moved: event({
    changes: { parentId: z.uuid() },
    data: { name: z.string(), version: z.int() },
    summary: ({ actor, data }) => `${actor} moved the department ${data.name}`,
  }),
  member_added: event({ data: member, summary: ({ actor }) => `${actor} added a member to a department` }),
  member_removed: event({ data: member, summary: ({ actor }) => `${actor} removed a member from a department` }),
});
