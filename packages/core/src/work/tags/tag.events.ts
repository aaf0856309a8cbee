import { z } from 'zod';
import { defineEvents, event, lifecycle } from '../../activity/index.ts';
import { TagCreate } from './tag.schema.ts';

const tag = { name: z.string(), color: z.string() };

export const tagEvents = defineEvents('tag', {
  ...lifecycle('the tag', TagCreate.shape, tag),
  merged: event({
    data: { ...tag, version: z.int(), intoId: z.uuid().describe('The tag that its tasks have instead.') },
    summary: ({ actor, data: { name } }) => `${actor} merged the tag ${name} into another one`,
  }),
});
