import { z } from 'zod';
import { defineEvents, event } from './catalogue.ts';

export const auditEvents = defineEvents('audit', {
  head_published: event({
    entityType: 'organization',
    data: {
      sequence: z.int().describe('The sequence of the last event at that time.'),
      hash: z.string().describe('The hash of that event. It proves later that nothing before was changed.'),
    },
    summary: ({ actor, data }) => `${actor} published the head of the audit trail, ${data.sequence}`,
  }),
});
