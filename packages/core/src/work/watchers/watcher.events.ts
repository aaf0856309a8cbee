import { z } from 'zod';
import { defineEvents, event } from '../../activity/index.ts';

const muted = z.boolean().describe('Whether the watcher is told nothing.');
const watcher = { userId: z.uuid() };

export const watcherEvents = defineEvents('task', {
  watcher_added: event({
    data: { ...watcher, muted },
    summary: ({ actor }) => `${actor} added a watcher to a task`,
  }),
  watcher_updated: event({
    data: watcher,
    changes: { muted },
    summary: ({ actor, changes: { muted: change } }) => `${actor} ${change?.to ? 'muted' : 'unmuted'} a task`,
  }),
  watcher_removed: event({ data: watcher, summary: ({ actor }) => `${actor} removed a watcher from a task` }),
});
