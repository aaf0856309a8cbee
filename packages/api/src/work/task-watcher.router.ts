import {
  addWatcher,
  listWatchers,
  page,
  removeWatcher,
  tenancyErrors,
  Watcher,
  WatcherListInput,
  WatcherPath,
  workErrors,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Task watchers',
  description: 'Who is told what happens to a task. `tasks.watch` and `tasks.unwatch` are about yourself.',
  group: 'Work',
  guide: 'notifications#who-watches-a-task',
});

const { task_not_found, watcher_cannot_see, watcher_not_found, watcher_stays } = workErrors;

export const taskWatcherRouter = router({
  list: query({
    rest: 'GET /tasks/{taskId}/watchers',
    access: 'task:read',
    summary: 'List the watchers of a task',
    description: 'The creator and the assignees are among them.',
    input: WatcherListInput,
    output: page(Watcher),
    problems: [task_not_found],
    run: listWatchers,
  }),
  add: mutation({
    rest: 'PUT /tasks/{taskId}/watchers/{userId}',
    access: 'task:update',
    summary: 'Let a member watch a task',
    description: 'They must see the task. Done twice, it changes nothing.',
    input: WatcherPath,
    output: Watcher,
    problems: [task_not_found, tenancyErrors.member_not_found, watcher_cannot_see],
    run: addWatcher,
  }),
  remove: mutation({
    rest: 'DELETE /tasks/{taskId}/watchers/{userId}',
    access: 'task:update',
    summary: 'Remove a watcher of a task',
    description: 'The creator and the assignees stay; each of them can mute the task.',
    input: WatcherPath,
    problems: [task_not_found, watcher_not_found, watcher_stays],
    run: removeWatcher,
  }),
});
