import {
  ActivityListInput,
  getOwnAnalytics,
  getTask,
  getTaskAnalytics,
  listActivity,
  listComments,
  listInvitations,
  listMembers,
  listRoleAssignments,
  listTaskActivity,
  listTaskHistory,
  listTasks,
  listTeamMembers,
  MemberListInput,
  queueDepth,
  TaskListInput,
  type TaskSortField,
} from '@tenon/core';
import { claimTestJobs } from '@tenon/core/testing';
import type { Scene } from './scene.ts';

export interface Case {
  name: string;
  run: (scene: Scene) => Promise<unknown>;
  /** How long it may take in a database of any size, in milliseconds. @default none */
  limitMs?: number;
  /** Whether it counts all tasks, so that its time grows with their number. @default false */
  counts?: boolean;
}

type Filter = (scene: Scene) => Partial<TaskListInput>;

const sortFields = ['createdAt', 'updatedAt', 'dueDate', 'priority', 'status', 'title', 'number'] as const;
const sorts = sortFields.flatMap((field: TaskSortField) => [field, `-${field}` as const]);

/** Each filter of the list of tasks, with a common value and with a rare value that 20 tasks have. */
const filters: Readonly<Record<string, Filter>> = {
  'status, common': () => ({ status: ['done'] }),
  'status, rare': () => ({ status: ['archived'] }),
  'status, several': () => ({ status: ['in_review', 'archived'] }),
  'priority, common': () => ({ priority: ['high'] }),
  'priority, rare': () => ({ priority: ['urgent'] }),
  'assignee, common': () => ({ assignee: ['me'] }),
  'assignee, rare': ({ rare }) => ({ assignee: [rare.person] }),
  'assignee, both': ({ rare }) => ({ assignee: ['me', rare.person] }),
  'tag, common': ({ common }) => ({ tag: [common.tag] }),
  'tag, rare': ({ rare }) => ({ tag: [rare.tag] }),
  'parent, common': ({ common }) => ({ parent: [common.parent] }),
  'parent, rare': ({ rare }) => ({ parent: [rare.parent] }),
  'parent, none': () => ({ parent: ['none'] }),
  'team, common': ({ common }) => ({ team: [common.team] }),
  'team, rare': ({ rare }) => ({ team: [rare.team] }),
  'team, none': () => ({ team: ['none'] }),
  'department, common': ({ common }) => ({ department: [common.department] }),
  'department, rare': ({ rare }) => ({ department: [rare.department] }),
  'createdBy, common': () => ({ createdBy: ['me'] }),
  'createdBy, rare': ({ rareAuthor }) => ({ createdBy: [rareAuthor] }),
  'dueBefore, common': ({ now }) => ({ dueBefore: now.toISOString() }),
  'dueBefore, rare': () => ({ dueBefore: '2002-01-01T00:00:00.000Z' }),
  'dueAfter, common': () => ({ dueAfter: '2002-01-01T00:00:00.000Z' }),
  'dueAfter, rare': () => ({ dueAfter: '2098-01-01T00:00:00.000Z' }),
  'createdAfter, common': () => ({ createdAfter: '2002-01-01T00:00:00.000Z' }),
  'createdAfter, rare': () => ({ createdAfter: '2098-01-01T00:00:00.000Z' }),
  'updatedAfter, common': () => ({ updatedAfter: '2002-01-01T00:00:00.000Z' }),
  'updatedBefore, rare': () => ({ updatedBefore: '2002-01-01T00:00:00.000Z' }),
  'blocked=true': () => ({ blocked: true }),
  'blocked=false': () => ({ blocked: false }),
  'watching=true': () => ({ watching: true }),
  'watching=false': () => ({ watching: false }),
  'overdue=true': () => ({ overdue: true }),
  'overdue=false': () => ({ overdue: false }),
  'deleted=true': () => ({ deleted: true }),
  'search, common': () => ({ search: 'the' }),
  'search, two words': () => ({ search: 'review layout' }),
  'search, rare': () => ({ search: 'zirconium' }),
  'search, long word': () => ({ search: 'donaudampfschifffahrt' }),
  'search, none': () => ({ search: 'xylophonist' }),
};

/** Filters with an order that their index does not have. */
const mixed: readonly (readonly [string, TaskSortField | `-${TaskSortField}`])[] = [
  ['assignee, common', 'dueDate'],
  ['assignee, rare', 'dueDate'],
  ['assignee, common', 'title'],
  ['tag, common', 'dueDate'],
  ['tag, rare', 'title'],
  ['status, rare', 'title'],
  ['priority, rare', 'dueDate'],
  ['team, rare', 'title'],
  ['parent, rare', 'dueDate'],
  ['createdBy, rare', 'title'],
  ['overdue=true', 'title'],
  ['search, rare', 'dueDate'],
  ['search, common', 'title'],
];

const list =
  (filter: Filter, more: Partial<TaskListInput> = {}) =>
  (scene: Scene) =>
    listTasks(scene.ctx, TaskListInput.parse({ ...filter(scene), ...more }));

/** Reads the first and the second page of a list. */
const secondPage = (filter: Filter, more: Partial<TaskListInput>) => async (scene: Scene) => {
  const { nextCursor } = await list(filter, more)(scene);
  return nextCursor === null ? null : list(filter, { ...more, cursor: nextCursor })(scene);
};

const everything: Filter = () => ({});
const commonSearchMs = 100;

const taskCases: readonly Case[] = [
  ...sorts.map((sort) => ({ name: `sort=${sort}`, run: list(everything, { sort }) })),
  ...sorts.map((sort) => ({ name: `sort=${sort}, and the next page`, run: secondPage(everything, { sort }) })),
  { name: 'total=true', run: list(everything, { total: true }) },
  { name: 'include=progress', run: list(everything, { include: ['progress'] }) },
  ...Object.entries(filters).flatMap(([name, filter]): Case[] => {
    const limit = name === 'search, common' ? { limitMs: commonSearchMs } : {};
    return [
      { name, run: list(filter), ...limit },
      { name: `${name}, total=true`, run: list(filter, { total: true }) },
    ];
  }),
  ...mixed.map(([name, sort]) => ({
    name: `${name}, sort=${sort}`,
    run: list(filters[name] ?? everything, { sort }),
  })),
];

const members = (input: Partial<MemberListInput>) => (scene: Scene) =>
  listMembers(scene.ctx, MemberListInput.parse({ organizationId: scene.organizationId, ...input }));

const page = { limit: 50, total: false } as const;

const activity = (input: Partial<ActivityListInput>) => (scene: Scene) =>
  listActivity(scene.ctx, ActivityListInput.parse(input));

/** How long figures of a whole organization may take. */
const figuresMs = 250;

const otherCases: readonly Case[] = [
  { name: 'one task', run: ({ ctx, busyTask }) => getTask(ctx, { id: busyTask }) },
  { name: 'activity of a task', run: ({ ctx, rareTask }) => listTaskActivity(ctx, { ...page, id: rareTask }) },
  {
    name: 'activity of a busy task, total=true',
    run: ({ ctx, busyTask }) => listTaskActivity(ctx, { ...page, total: true, id: busyTask }),
  },
  {
    name: 'history of a busy task, total=true',
    run: ({ ctx, busyTask }) => listTaskHistory(ctx, { ...page, total: true, id: busyTask }),
  },
  {
    name: 'comments of a busy task, total=true',
    run: ({ ctx, busyTask }) => listComments(ctx, { ...page, total: true, sort: '-createdAt', id: busyTask }),
  },
  { name: 'activity', run: activity({}) },
  { name: 'activity, actor', run: activity({ actor: ['me'] }) },
  { name: 'activity, frequent type', run: activity({ type: ['task.created'] }) },
  { name: 'activity, rare type', run: activity({ type: ['team.*'] }) },
  { name: 'activity, actor and rare type', run: activity({ actor: ['me'], type: ['team.*'] }) },
  { name: 'activity, time', run: activity({ before: '2010-01-01T00:00:00.000Z' }) },
  { name: 'activity, busy entity', run: (scene) => activity({ entityId: scene.busyTask })(scene) },
  { name: 'analytics', run: ({ ctx }) => getTaskAnalytics(ctx, {}), counts: true, limitMs: figuresMs },
  {
    name: 'analytics, period',
    run: ({ ctx }) => getTaskAnalytics(ctx, { createdAfter: '2002-01-01T00:00:00.000Z' }),
    counts: true,
    limitMs: figuresMs,
  },
  {
    name: 'analytics, rare team',
    run: ({ ctx, rare }) => getTaskAnalytics(ctx, { team: [rare.team] }),
  },
  { name: 'analytics, own', run: ({ ctx }) => getOwnAnalytics(ctx, {}), counts: true },
  { name: 'members', run: members({}) },
  { name: 'members, sort=joinedAt', run: members({ sort: 'joinedAt' }) },
  { name: 'members, suspended', run: members({ status: ['suspended'] }) },
  { name: 'members, ended', run: members({ status: ['ended'] }) },
  { name: 'members, search common', run: members({ search: 'person' }) },
  { name: 'members, search rare', run: members({ search: 'viewer@' }) },
  { name: 'members, total=true', run: members({ total: true }) },
  {
    name: 'members of a team',
    run: ({ ctx, common }) => listTeamMembers(ctx, { ...page, sort: '-addedAt', id: common.team }),
  },
  {
    name: 'role assignments of the organization',
    run: ({ ctx }) => listRoleAssignments(ctx, { ...page, sort: '-createdAt' }),
  },
  {
    name: 'role assignments of a member',
    run: ({ ctx, rare }) => listRoleAssignments(ctx, { ...page, sort: '-createdAt', user: [rare.person] }),
  },
  {
    name: 'invitations',
    run: ({ ctx, organizationId }) => listInvitations(ctx, { ...page, sort: '-createdAt', organizationId }),
  },
  { name: 'claiming 5 jobs', run: ({ platform }) => claimTestJobs(platform, 5) },
  { name: 'depth of the queue', run: ({ platform }) => queueDepth(platform.context({ principal: null })) },
];

export const cases: readonly Case[] = [...taskCases, ...otherCases];
