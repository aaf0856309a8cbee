import { z } from 'zod';
import { defineEvents, lifecycle } from '../../activity/index.ts';
import { TagCreate } from './tag.schema.ts';

export const tagEvents = defineEvents(
  'tag',
  lifecycle('the tag', TagCreate.shape, { name: z.string(), color: z.string() }),
);
