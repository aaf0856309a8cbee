import {
  ActivityListInput,
  AnalyticsInput,
  bulkUpdateTasks,
  getOwnAnalytics,
  getTask,
  getTaskAnalytics,
  getUnreadCount,
  listActivity,
  listAttachments,
  listComments,
  listInvitations,
  listMembers,
  listNotifications,
  listProjectMembers,
  listProjects,
  listRoleAssignments,
  listTaskActivity,
  listTaskHistory,
  listTasks,
  listTeamMembers,
  listWatchers,
  MemberListInput,
  NotificationListInput,
  ProjectListInput,
  queueDepth,
  resolveKeys,
  type ServiceContext,
  TaskListInput,
  type TaskSortField,
  updateTask,
} from '@tenon/core';
import { claimTestJobs } from '@tenon/core/testing';
import type { Size } from './rows.ts';
import { type LimitedPerson, limitedPeople, type Scene } from './scene.ts';

export interface Case {
  name: string;
  run: (scene: Scene) => Promise<unknown>;
  /**
   * How many rows a call reads at most. Such an answer is made of many rows, so its cost may grow as this number does. @default none:
   * the cost must not grow
   */
  reads?: (size: Size) => number;
}

/** A list without an index for all its filters reads up to 2,000 tasks of each filter, and those that it shows. */
const ofFilters = (): number => 8000;

/** A count reads up to 10,000 tasks, and for each of them some links. */
const ofCount = (): number => 50_000;

/** A search puts up to 10,000 hits in order. */
const ofHits = (): number => 50_000;

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
  'tag, both': ({ common, rare }) => ({ tag: [common.tag, rare.tag] }),
  'tag, two common': ({ common }) => ({ tag: [common.tag, common.otherTag] }),
  'project, common': ({ common }) => ({ project: [common.project] }),
  'project, rare': ({ rare }) => ({ project: [rare.project] }),
  'project, both': ({ common, rare }) => ({ project: [common.project, rare.project] }),
  'project, none': () => ({ project: ['none'] }),
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

/** What the lists with some filters read, if their cost is not always the same. */
const readsOf: Readonly<Record<string, Case['reads']>> = {
  'overdue=true': ofFilters,
  'search, two words': ofHits,
};

const bounded = (reads: Case['reads']): Pick<Case, 'reads'> => (reads ? { reads } : {});

/** Filters with an order that their index does not have. */
const mixed: readonly (readonly [string, TaskSortField | `-${TaskSortField}`])[] = [
  ['assignee, common', 'dueDate'],
  ['assignee, rare', 'dueDate'],
  ['assignee, common', 'title'],
  ['tag, common', 'dueDate'],
  ['tag, rare', 'title'],
  ['tag, two common', 'title'],
  ['status, common', 'title'],
  ['status, rare', 'title'],
  ['priority, common', 'dueDate'],
  ['priority, rare', 'dueDate'],
  ['team, common', 'title'],
  ['team, rare', 'title'],
  ['project, common', 'title'],
  ['project, common', '-updatedAt'],
  ['project, common', 'dueDate'],
  ['project, common', 'position'],
  ['project, common', '-position'],
  ['project, rare', 'title'],
  ['project, rare', 'position'],
  ['parent, rare', 'dueDate'],
  ['createdBy, common', 'title'],
  ['createdBy, rare', 'title'],
  ['overdue=true', 'title'],
  ['blocked=true', 'title'],
  ['watching=true', 'title'],
  ['search, rare', 'dueDate'],
  ['search, common', 'title'],
];

/** The columns of a board: the tasks of one project with one status, in its order. */
const columns: Readonly<Record<string, Filter>> = {
  'todo, common': ({ common }) => ({ project: [common.project], status: ['todo'] }),
  'done, common': ({ common }) => ({ project: [common.project], status: ['done'] }),
  'archived, common': ({ common }) => ({ project: [common.project], status: ['archived'] }),
  'todo, rare': ({ rare }) => ({ project: [rare.project], status: ['todo'] }),
};

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
const inTrash: Filter = () => ({ deleted: true });

const taskCases: readonly Case[] = [
  ...sorts.map((sort) => ({ name: `sort=${sort}`, run: list(everything, { sort }) })),
  ...sorts.map((sort) => ({ name: `sort=${sort}, and the next page`, run: secondPage(everything, { sort }) })),
  ...sorts.map((sort) => ({ name: `deleted=true, sort=${sort}`, run: list(inTrash, { sort }) })),
  { name: 'total=true', run: list(everything, { total: true }), reads: ofCount },
  { name: 'include=project,parent', run: list(everything, { include: ['project', 'parent'] }) },
  { name: 'include=progress', run: list(everything, { include: ['progress'] }) },
  { name: 'include=commentCount', run: list(everything, { include: ['commentCount'] }) },
  ...Object.entries(filters).flatMap(([name, filter]): Case[] => [
    { name, run: list(filter), ...bounded(readsOf[name]) },
    {
      name: `${name}, total=true`,
      run: list(filter, { total: true }),
      reads: (size) => ofCount() + (readsOf[name]?.(size) ?? 0),
    },
  ]),
  ...mixed.map(([name, sort]) => ({
    name: `${name}, sort=${sort}`,
    run: list(filters[name] ?? everything, { sort }),
    ...bounded(readsOf[name]),
  })),
  ...Object.entries(columns).flatMap(([name, filter]): Case[] => [
    { name: `board column, ${name}`, run: list(filter, { sort: 'position' }) },
    { name: `board column, ${name}, and the next page`, run: secondPage(filter, { sort: 'position' }) },
  ]),
];

/** A case as it is for somebody else than the owner. */
const as = (person: LimitedPerson | 'viewer', { name, run, ...each }: Case): Case => ({
  ...each,
  name: `${name}, as ${person}`,
  run: (scene) => run({ ...scene, ctx: scene[person] }),
});

const activity = (input: (scene: Scene) => Partial<ActivityListInput>) => (scene: Scene) =>
  listActivity(scene.ctx, ActivityListInput.parse(input(scene)));

/** What people ask for who see a part of the tasks. */
const limitedCases: readonly Case[] = [
  { name: 'list', run: list(everything) },
  { name: 'list, total=true', run: list(everything, { total: true }), reads: ofCount },
  { name: 'list, sort=title', run: list(everything, { sort: 'title' }) },
  { name: 'list, status, common', run: list(() => ({ status: ['done'] })) },
  { name: 'list, search, common', run: list(() => ({ search: 'the' })) },
  { name: 'activity', run: activity(() => ({})) },
];

const members = (input: Partial<MemberListInput>) => (scene: Scene) =>
  listMembers(scene.ctx, MemberListInput.parse({ organizationId: scene.organizationId, ...input }));

const projects = (input: (scene: Scene) => Partial<ProjectListInput>) => (scene: Scene) =>
  listProjects(scene.ctx, ProjectListInput.parse(input(scene)));

const notifications = (input: (scene: Scene) => Partial<NotificationListInput>) => (scene: Scene) =>
  listNotifications(scene.ctx, NotificationListInput.parse(input(scene)));

const page = { limit: 50, total: false } as const;

const activityCases: readonly Case[] = [
  { name: 'activity of a task', run: ({ ctx, rareTask }) => listTaskActivity(ctx, { ...page, id: rareTask }) },
  {
    name: 'activity of a busy task, total=true',
    run: ({ ctx, busyTask }) => listTaskActivity(ctx, { ...page, total: true, id: busyTask }),
  },
  {
    name: 'history of a busy task, total=true',
    run: ({ ctx, busyTask }) => listTaskHistory(ctx, { ...page, total: true, id: busyTask }),
  },
  { name: 'activity', run: activity(() => ({})) },
  { name: 'activity, actor, common', run: activity(() => ({ actor: ['me'] })) },
  { name: 'activity, actor, rare', run: activity(({ rareAuthor }) => ({ actor: [rareAuthor] })) },
  { name: 'activity, actor, both', run: activity(({ rareAuthor }) => ({ actor: ['me', rareAuthor] })) },
  { name: 'activity, type, common', run: activity(() => ({ type: ['task.created'] })) },
  { name: 'activity, type, rare', run: activity(() => ({ type: ['team.*'] })) },
  // A page reads up to 2,000 events, and before that it finds the last of them.
  { name: 'activity, type, all of tasks', run: activity(() => ({ type: ['task.*'] })), reads: () => 5000 },
  { name: 'activity, actor and rare type', run: activity(() => ({ actor: ['me'], type: ['team.*'] })) },
  { name: 'activity, before', run: activity(() => ({ before: '2010-01-01T00:00:00.000Z' })) },
  { name: 'activity, after', run: activity(() => ({ after: '2010-01-01T00:00:00.000Z' })) },
  { name: 'activity, entityId, busy', run: activity(({ busyTask }) => ({ entityId: busyTask })) },
  {
    name: 'activity, entityId and entityType',
    run: activity(({ busyTask }) => ({ entityId: busyTask, entityType: 'task' })),
  },
];

/**
 * There is a sum for each hour of the last week in which a task was completed, and for each day on which an open task was due. A team or a
 * project needs many tasks to have them all. The changes since the last fold are read too.
 */
const ofSums = (): number => 800;

/** The same for people who do not see everything: they read the sums of private projects too, or some of their own tasks. */
const ofSumsForSome = (): number => 1600;

/** The filters of figures that are read from sums. */
const summed: readonly (readonly [string, (scene: Scene) => Partial<AnalyticsInput>])[] = [
  ['', () => ({})],
  ['project, common', ({ common }) => ({ project: [common.project] })],
  ['project, rare', ({ rare }) => ({ project: [rare.project] })],
  ['project, none', () => ({ project: ['none'] })],
  ['team, common', ({ common }) => ({ team: [common.team] })],
  ['team, rare', ({ rare }) => ({ team: [rare.team] })],
  ['team, none', () => ({ team: ['none'] })],
  ['team and project, common', ({ common }) => ({ team: [common.team], project: [common.project] })],
];

/** The other filters of figures, with how many rows the figures of these tasks read. */
const counted: readonly (readonly [string, (scene: Scene) => Partial<AnalyticsInput>, Case['reads']?])[] = [
  ['period, common', () => ({ createdAfter: '2002-01-01T00:00:00.000Z' }), ({ tasks }) => 3 * tasks],
  // All overdue tasks are counted. Few of them are in the period.
  ['period, rare', () => ({ createdAfter: '2098-01-01T00:00:00.000Z' }), ({ tasks }) => tasks / 50],
  ['assignee, common', () => ({ assignee: ['me'] }), ({ tasks }) => 2 * tasks],
  ['assignee, rare', ({ rare }) => ({ assignee: [rare.person] })],
];

/** What the figures of a person's own tasks read: these tasks, with their links. */
const ofOwn = ({ tasks }: Size): number => 2 * tasks;

const figuresOf = (input: (scene: Scene) => Partial<AnalyticsInput>) => (scene: Scene) =>
  getTaskAnalytics(scene.ctx, AnalyticsInput.parse(input(scene)));

const ownFiguresOf = (input: (scene: Scene) => Partial<AnalyticsInput>) => (scene: Scene) =>
  getOwnAnalytics(scene.ctx, AnalyticsInput.parse(input(scene)));

const nameOf = (filter: string): string => (filter === '' ? '' : `, ${filter}`);

const analyticsCases: readonly Case[] = [
  ...summed.flatMap(([filter, input]): Case[] => [
    { name: `analytics${nameOf(filter)}`, run: figuresOf(input), reads: ofSums },
    { name: `own analytics${nameOf(filter)}`, run: ownFiguresOf(input), reads: ofOwn },
  ]),
  // The viewer has twenty tasks.
  as('viewer', { name: 'own analytics', run: ownFiguresOf(() => ({})) }),
  ...(['viewer', 'developer', 'rareTeamMember', 'rareProjectMember'] as const).map((person) =>
    as(person, { name: 'analytics', run: figuresOf(() => ({})), reads: ofSumsForSome }),
  ),
  as('teamMember', { name: 'analytics', run: figuresOf(() => ({})), reads: ofSums }),
  ...counted.flatMap(([filter, input, reads]): Case[] => [
    { name: `analytics${nameOf(filter)}`, run: figuresOf(input), ...bounded(reads) },
    {
      name: `own analytics${nameOf(filter)}`,
      run: ownFiguresOf(input),
      ...(reads && { reads: (size: Size) => 2 * reads(size) }),
    },
  ]),
];

/** Lists of people and projects look at all of them: their filters have no index, and a search finds a part of a name. */
const ofMembers = ({ members: count }: Size): number => 8000 + 8 * count;
const ofProjects = ({ projects: count }: Size): number => 2500 + 6 * count;

/** Lists of notifications look at all of a person's, which are kept for 90 days. */
const ofNotifications = ({ tasks }: Size): number => 8000 + tasks / 5;

const projectCases: readonly Case[] = [
  ...(['createdAt', 'updatedAt', 'name', 'key'] as const).flatMap((field): Case[] => [
    { name: `projects, sort=${field}`, run: projects(() => ({ sort: field })) },
    { name: `projects, sort=-${field}`, run: projects(() => ({ sort: `-${field}` })) },
  ]),
  { name: 'projects, sort=targetDate', run: projects(() => ({ sort: 'targetDate' })), reads: ofProjects },
  { name: 'projects, sort=-targetDate', run: projects(() => ({ sort: '-targetDate' })), reads: ofProjects },
  { name: 'projects, status, common', run: projects(() => ({ status: ['active'] })) },
  { name: 'projects, status, rare', run: projects(() => ({ status: ['cancelled'] })), reads: ofProjects },
  { name: 'projects, visibility, common', run: projects(() => ({ visibility: 'organization' })) },
  { name: 'projects, visibility, rare', run: projects(() => ({ visibility: 'private' })), reads: ofProjects },
  { name: 'projects, lead, rare', run: projects(({ rare }) => ({ lead: [rare.person] })), reads: ofProjects },
  { name: 'projects, member, common', run: projects(() => ({ member: ['me'] })), reads: ofProjects },
  { name: 'projects, member, rare', run: projects(({ rare }) => ({ member: [rare.person] })), reads: ofProjects },
  { name: 'projects, archived=false', run: projects(() => ({ archived: false })) },
  { name: 'projects, archived=true', run: projects(() => ({ archived: true })), reads: ofProjects },
  { name: 'projects, deleted=true', run: projects(() => ({ deleted: true })), reads: ofProjects },
  { name: 'projects, search, common', run: projects(() => ({ search: 'plan' })), reads: ofProjects },
  { name: 'projects, search, rare', run: projects(() => ({ search: 'quarry' })), reads: ofProjects },
  {
    name: 'projects, include=taskCounts',
    run: projects(() => ({ sort: 'createdAt', include: ['taskCounts'] })),
    reads: ofProjects,
  },
  {
    name: 'members of a project',
    run: ({ ctx, common }) => listProjectMembers(ctx, { ...page, sort: '-createdAt', projectId: common.project }),
  },
  {
    name: 'one task by its key',
    run: ({ ctx }) =>
      resolveKeys(ctx, [
        { kind: 'project', key: 'DAILY' },
        { kind: 'task', key: 'DAILY-1000' },
        { kind: 'task', key: 'RARE-7' },
      ]),
    reads: ofProjects,
  },
];

const notificationCases: readonly Case[] = [
  { name: 'notifications', run: notifications(() => ({})) },
  { name: 'notifications, unread=true', run: notifications(() => ({ unread: true })) },
  { name: 'notifications, unread=false', run: notifications(() => ({ unread: false })) },
  { name: 'notifications, type, common', run: notifications(() => ({ type: ['task.assigned'] })) },
  {
    name: 'notifications, type, rare',
    run: notifications(() => ({ type: ['task.mentioned'] })),
    reads: ofNotifications,
  },
  {
    name: 'notifications, task',
    run: notifications(({ rareTask }) => ({ task: [rareTask] })),
    reads: ofNotifications,
  },
  {
    name: 'notifications, createdBefore, rare',
    run: notifications(() => ({ createdBefore: '2002-01-01T00:00:00.000Z' })),
    reads: ofNotifications,
  },
  {
    name: 'notifications, total=true',
    run: notifications(() => ({ total: true })),
    reads: ofNotifications,
  },
  { name: 'unread notifications', run: ({ ctx }) => getUnreadCount(ctx), reads: ofNotifications },
];

/** Lets a call write nothing in the end, so that it can be repeated. */
const dry = (ctx: ServiceContext): ServiceContext => ({
  ...ctx,
  mutation: { procedure: 'scale', input: {}, idempotencyKey: null, ifMatch: null, dryRun: true, secretAnswer: false },
});

const otherCases: readonly Case[] = [
  { name: 'one task', run: ({ ctx, busyTask }) => getTask(ctx, { id: busyTask }) },
  {
    name: 'comments of a busy task, total=true',
    run: ({ ctx, busyTask }) => listComments(ctx, { ...page, total: true, sort: '-createdAt', taskId: busyTask }),
  },
  {
    name: 'attachments of a busy task, total=true',
    run: ({ ctx, busyTask }) => listAttachments(ctx, { ...page, total: true, sort: '-createdAt', taskId: busyTask }),
  },
  { name: 'watchers of a task', run: ({ ctx, rareTask }) => listWatchers(ctx, { ...page, taskId: rareTask }) },
  {
    name: 'bulk update of 50 tasks',
    run: ({ ctx, newest }) =>
      bulkUpdateTasks(dry(ctx), { ids: newest.slice(0, 50), changes: { title: 'The same' }, mode: 'atomic' }),
  },
  {
    name: 'a change of status, sealed, with what reacts to it',
    run: async ({ ctx, platform, newest: [id = ''] }) => {
      const { status } = await getTask(ctx, { id });
      await updateTask(ctx, { id, status: status === 'todo' ? 'in_progress' : 'todo' });
      await platform.sealer.sealCommitted();
    },
  },
  { name: 'members', run: members({}), reads: ofMembers },
  { name: 'members, sort=joinedAt', run: members({ sort: 'joinedAt' }), reads: ofMembers },
  { name: 'members, suspended', run: members({ status: ['suspended'] }) },
  { name: 'members, ended', run: members({ status: ['ended'] }), reads: ofMembers },
  { name: 'members, search, common', run: members({ search: 'person' }), reads: ofMembers },
  { name: 'members, search, rare', run: members({ search: 'viewer@' }), reads: ofMembers },
  { name: 'members, total=true', run: members({ total: true }), reads: ofMembers },
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
  // It counts up to 1,000 jobs of each state and priority. PostgreSQL puts all jobs of a short queue in order for that.
  {
    name: 'depth of the queue',
    run: ({ platform }) => queueDepth(platform.context({ principal: null })),
    reads: () => 12_000,
  },
];

export const cases: readonly Case[] = [
  ...taskCases,
  as('viewer', { name: 'watching=true', run: list(() => ({ watching: true })) }),
  as('viewer', {
    name: 'watching=true, total=true',
    run: list(() => ({ watching: true }), { total: true }),
    reads: ofCount,
  }),
  ...limitedPeople.flatMap((person) => limitedCases.map((each) => as(person, each))),
  ...projectCases,
  ...activityCases,
  ...analyticsCases,
  ...notificationCases,
  ...otherCases,
];
