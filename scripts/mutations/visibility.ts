import { basename } from 'node:path';
import { type Mutation, type Patch, read } from './mutation.ts';
import { core, sources, wallTests } from './sources.ts';

/** What a table shows to who sees a part only. */
export const predicates = (root: string): Mutation[] =>
  sources(root)
    .filter((file) => file.endsWith('.entity.ts'))
    .flatMap((file) =>
      [...read(root, file).matchAll(/byVisibleTasks\(\(tasks\) => (`[^`]+`)\)/g)].map(({ index, 0: find }) => ({
        name: `visibility: ${basename(file)}`,
        patches: [{ file, find, replace: "byVisibleTasks(() => '1 = 1')", at: index }],
        masks: [],
        tests: wallTests,
      })),
    );

/** Who loads a task to change it sees no more than who reads it. */
const loading: Patch = {
  file: `${core}/work/tasks/task.service.ts`,
  find: "decide(principal, 'task:read', subject).allowed",
  replace: 'true',
};

/** Everything that keeps a row from who may not even see it. */
export const seeing = (root: string): Patch[] => [loading, ...predicates(root).flatMap(({ patches }) => patches)];
