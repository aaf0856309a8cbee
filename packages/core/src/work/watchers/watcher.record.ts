import { defineRecord } from '../../records/index.ts';
import { workErrors } from '../work.errors.ts';
import { taskWatcherTable } from './watcher.entity.ts';
import { watcherEvents } from './watcher.events.ts';
import { Watcher } from './watcher.schema.ts';

/** The stored watchers of tasks. See `watcher.queries.ts` for all of them. */
export const taskWatchers = defineRecord(taskWatcherTable, {
  output: Watcher,
  people: { user: 'userId' },
  events: {
    created: watcherEvents.watcher_added,
    updated: watcherEvents.watcher_updated,
    deleted: watcherEvents.watcher_removed,
  },
  about: 'taskId',
  missing: workErrors.watcher_not_found,
});
