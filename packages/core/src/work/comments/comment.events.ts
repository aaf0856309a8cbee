import { z } from 'zod';
import { defineEvents, event, lifecycle, purged } from '../../activity/index.ts';

const mentionIds = z.array(z.uuid()).describe('The user ids of the people that the body mentions.');
const version = z.int();

const { created } = lifecycle(
  'a comment',
  {},
  { body: z.string(), mentionIds, parentId: z.uuid().nullable().describe('The comment that it answers.') },
);

export const commentEvents = defineEvents('comment', {
  created,
  updated: event({
    changes: { body: z.string() },
    data: { mentionIds, version },
    summary: ({ actor }) => `${actor} edited a comment`,
  }),
  deleted: event({ data: { version }, summary: ({ actor }) => `${actor} moved a comment to the trash` }),
  restored: event({ data: { version }, summary: ({ actor }) => `${actor} restored a comment` }),
  purged: purged('A comment'),
});
