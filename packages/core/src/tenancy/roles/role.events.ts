import { z } from 'zod';
import { defineEvents, lifecycle } from '../../activity/index.ts';
import { RoleCreate } from './role.schema.ts';

export const roleEvents = defineEvents(
  'role',
  lifecycle('the role', RoleCreate.shape, { key: z.string(), name: z.string() }),
);
