import { z } from 'zod';
import { defineEvents, event, purged } from '../../activity/index.ts';

const file = { fileName: z.string(), mediaType: z.string(), size: z.number(), sha256: z.string(), version: z.int() };

export const attachmentEvents = defineEvents('attachment', {
  created: event({ data: file, summary: ({ actor, data }) => `${actor} attached ${data.fileName}` }),
  deleted: event({ data: file, summary: ({ actor, data }) => `${actor} moved the file ${data.fileName} to the trash` }),
  restored: event({ data: file, summary: ({ actor, data }) => `${actor} restored the file ${data.fileName}` }),
  purged: purged('A file'),
});
