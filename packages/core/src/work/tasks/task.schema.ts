import { z } from 'zod';
import { idOrKey } from '../../kernel/keys.ts';
import { priorities } from '../../kernel/priorities.ts';
import {
  anyIdOr,
  anyOf,
  countedPage,
  decimalIn,
  distinct,
  id,
  include,
  input,
  instantIn,
  instantOut,
  oneOf,
  output,
  pageInput,
  permanent,
  Person,
  ranges,
  sort,
  versionOut,
} from '../../kernel/schemas.ts';
import { bulkModes } from '../../kernel/rows.ts';
import { line, text } from '../../kernel/text.ts';
import { MemberPath } from '../../tenancy/index.ts';
import { projectRef } from '../projects/project.schema.ts';
import { Tag } from '../tags/tag.schema.ts';

export const taskStatuses = ['todo', 'in_progress', 'in_review', 'done', 'archived'] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/** From the least to the most pressing: the order in which lists sort them. */
export const taskPriorities = priorities;
export type TaskPriority = (typeof taskPriorities)[number];

const status = () => z.enum(taskStatuses).describe('How far the task is.');
const priority = () => z.enum(taskPriorities).describe('How pressing it is, from `low` to `critical`.');

const hours = () => decimalIn(99_999.99);

const said = {
  title: 'What is to be done, in one line.',
  description: 'More about it; null when there is no more.',
  dueDate: 'When it is due; null when it is not.',
  startDate: 'When the work begins; null when it is not planned.',
  estimatedHours: 'How many hours it should take, with two decimals; null when nobody has said.',
  actualHours: 'How many hours it has taken, with two decimals; null when nobody has said.',
} as const;

const uniqueIds = (max: number) => distinct(z.array(id()).max(max));

/** Names a task by its id, or by a key that it has or had. Lower case is accepted and converted. */
export const taskRef = () =>
  idOrKey(
    'task',
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9]{1,9}-[1-9][0-9]{0,8}$/, 'Must be an id, or a key such as KEY-12.')
      .overwrite((key) => key.toUpperCase())
      .meta({ examples: ['DEPOT-12'] }),
  );

const TaskTag = output('TaskTag', Tag.pick({ id: true, name: true, color: true }).shape);

/** A task as other things name it. */
export const TaskRef = output('TaskRef', {
  id: z.uuid(),
  number: z.number().int().describe('Counts up in the organization; never reused.'),
  key: z.string().nullable().describe('As `KEY-12`, counting in the project; null outside of one.'),
  title: z.string().describe(said.title),
});
export type TaskRef = z.output<typeof TaskRef>;

const TaskProject = output('TaskProject', {
  id: z.uuid(),
  key: z.string().describe('As `KEY`: tasks in it are named by it.'),
  name: z.string(),
});
export type TaskProject = z.output<typeof TaskProject>;

export const Task = output('Task', {
  ...TaskRef.shape,
  description: z.string().nullable().describe(said.description),
  status: status(),
  priority: priority(),
  dueDate: instantOut().nullable().describe(said.dueDate),
  startDate: instantOut().nullable().describe(said.startDate),
  estimatedHours: z.number().nullable().describe(said.estimatedHours),
  actualHours: z.number().nullable().describe(said.actualHours),
  completedAt: instantOut().nullable().describe('When it became done; null again once reopened.'),
  parentId: z.uuid().nullable().describe('The task of which it is a part; null is none.'),
  parent: TaskRef.nullable()
    .optional()
    .describe('Only with `include=parent`: the task of `parentId`. Null also when the caller does not see it.'),
  teamId: z.uuid().nullable().describe('The team whose task it is. Subtasks have their own.'),
  projectId: z.uuid().nullable().describe('The project in which it is, together with its subtasks.'),
  project: TaskProject.nullable()
    .optional()
    .describe('Only with `include=project`: the project of `projectId`. Null also when the caller does not see it.'),
  position: z
    .string()
    .nullable()
    .describe('Its place in the order of the project, compared as text. Null outside of one.'),
  assignees: z.array(Person).describe('In order: the first is the primary one.'),
  tags: z.array(TaskTag).describe('In the order of their names.'),
  blockedBy: z
    .array(z.uuid())
    .describe(
      'The tasks that it waits for, as far as the caller sees them: not those in the trash, but also those that are done.',
    ),
  blocks: z.array(z.uuid()).describe('The tasks that wait for it, as far as the caller sees them.'),
  progress: z
    .object({
      total: z.int().describe('How many subtasks there are.'),
      done: z.int().describe('How many of them are done.'),
    })
    .optional()
    .describe('Only with `include=progress`: how many direct subtasks the caller sees, and how many of them are done.'),
  watching: z.boolean().describe('Whether you are told what happens to it: you watch it and have not muted it.'),
  commentCount: z
    .int()
    .optional()
    .describe('Only with `include=commentCount`: how many comments the caller sees, without those in the trash.'),
  attachmentCount: z
    .int()
    .optional()
    .describe(
      'Only with `include=attachmentCount`: how many files are on the task itself, without those in the trash.',
    ),
  createdBy: Person,
  updatedBy: Person,
  createdAt: instantOut(),
  updatedAt: instantOut(),
  deletedAt: instantOut().nullable().describe('When it was moved to the trash.'),
  version: versionOut(),
});
export type Task = z.output<typeof Task>;

const taskIncludes = ['project', 'parent', 'progress', 'commentCount', 'attachmentCount'] as const;
export type TaskInclude = (typeof taskIncludes)[number];

export const TaskById = z.strictObject({ id: taskRef() });
export type TaskById = z.output<typeof TaskById>;

export const TaskGet = z.strictObject({ id: taskRef(), include: include(...taskIncludes) });
export type TaskGet = z.input<typeof TaskGet>;

export const TaskPage = countedPage(Task);
export type TaskPage = z.output<typeof TaskPage>;

export const TaskCreate = input('TaskCreate', {
  title: line(200).describe(said.title),
  description: text(0, 50_000).nullable().optional().describe(said.description),
  status: status().optional(),
  priority: priority().optional(),
  dueDate: instantIn().nullable().optional().describe(said.dueDate),
  startDate: instantIn().nullable().optional().describe(said.startDate),
  estimatedHours: hours().nullable().optional().describe(said.estimatedHours),
  actualHours: hours().nullable().optional().describe(said.actualHours),
  parentId: taskRef().nullable().optional().describe('The task of which this one is a part.'),
  teamId: id().nullable().optional().describe('The team whose task it is. Subtasks do not follow.'),
  projectId: projectRef()
    .nullable()
    .optional()
    .describe('The project in which it is, with its subtasks. By default that of a new parent.'),
  assigneeIds: uniqueIds(50).optional().describe('User ids of members, the primary one first.'),
  tagIds: uniqueIds(50).optional().describe('The ids of its tags.'),
});
export type TaskCreate = z.output<typeof TaskCreate>;

export const TaskUpdate = input('TaskUpdate', { id: taskRef(), ...TaskCreate.partial().shape });
export type TaskUpdate = z.output<typeof TaskUpdate>;

/** How many tasks one call creates or changes at most. */
const mostInBulk = 500;

const mode = z
  .enum(bulkModes)
  .default('atomic')
  .describe(
    'What becomes of the others when a task is refused. `atomic`: nothing is written, and one problem names the refused ones. `perItem`: the others are written, and each refused one has its problem in the answer.',
  );

export const TaskBulkCreate = input('TaskBulkCreate', {
  items: z.array(TaskCreate).min(1).max(mostInBulk).describe('The new tasks.'),
  mode,
});
export type TaskBulkCreate = z.output<typeof TaskBulkCreate>;

export const TaskChanges = input('TaskChanges', TaskCreate.partial().shape);

export const TaskBulkUpdate = oneOf(
  z.strictObject({
    ids: distinct(z.array(taskRef()).min(1).max(mostInBulk))
      .optional()
      .describe('Tasks that all get the same `changes`.'),
    changes: TaskChanges.optional().describe('What all tasks in `ids` get.'),
    items: distinct(z.array(TaskUpdate).min(1).max(mostInBulk), (item) => item.id)
      .optional()
      .describe('Tasks that each get changes of their own, instead of `ids` and `changes`.'),
    mode,
  }),
  ['ids', 'changes'],
  ['items'],
).meta({ id: 'TaskBulkUpdate' });
export type TaskBulkUpdate = z.output<typeof TaskBulkUpdate>;

export const TaskDependency = z.strictObject({
  id: taskRef().describe('The task that waits.'),
  otherId: taskRef().describe('The task that it waits for.'),
});
export type TaskDependency = z.output<typeof TaskDependency>;

export const TaskMove = input('TaskMove', {
  id: taskRef(),
  projectId: projectRef()
    .nullable()
    .optional()
    .describe('The project to which it goes, with its subtasks. By default that of a new parent.'),
  parentId: taskRef().nullable().optional().describe('The task of which it becomes a part; null is none.'),
  status: status().optional(),
  before: taskRef().optional().describe('A task of the same project: it comes directly before this one.'),
  after: taskRef()
    .optional()
    .describe('A task of the same project: it comes directly after this one. With both, it comes between the two.'),
});
export type TaskMove = z.output<typeof TaskMove>;

export const TaskDelete = z.strictObject({
  id: taskRef(),
  permanent: permanent(),
});
export type TaskDelete = z.output<typeof TaskDelete>;

const taskSortFields = [
  'createdAt',
  'updatedAt',
  'dueDate',
  'priority',
  'status',
  'title',
  'number',
  'position',
] as const;
export type TaskSortField = (typeof taskSortFields)[number];

const isByPosition = (sort: string | undefined): boolean => sort === 'position' || sort === '-position';

export const TaskListInput = z
  .strictObject({
    ...pageInput,
    include: include(...taskIncludes),
    total: pageInput.total.describe(
      'Whether to count the rows that match, which costs a query. It reads at most 10,000 rows; totalExact says whether they were all.',
    ),
    sort: sort(taskSortFields)
      .optional()
      .describe(
        'By default -createdAt. A search without it answers the best hits first, or the newest first when there are more than 10,000 hits. By position only together with one project.',
      ),
    status: anyOf(status()).describe('Only with one of these statuses.'),
    priority: anyOf(priority()).describe('Only with one of these priorities.'),
    assignee: anyIdOr('me').describe('`me` or user ids.'),
    tag: anyOf(id()).describe('Ids of tags: tasks with any of them.'),
    parent: anyOf(z.union([z.literal('none'), taskRef()])).describe(
      'Task ids, or `none` for tasks that are no subtasks.',
    ),
    project: anyOf(z.union([z.literal('none'), projectRef()])).describe(
      'Project ids or keys, or `none` for tasks outside of projects.',
    ),
    team: anyIdOr('none').describe('Team ids, or `none` for tasks of no team.'),
    department: anyOf(id()).describe('Departments: the tasks of the teams in them and below.'),
    createdBy: anyIdOr('me').describe('`me` or the user ids of those who created them.'),
    dueBefore: instantIn().optional().describe('Inclusive.'),
    dueAfter: instantIn().optional().describe('Inclusive.'),
    ...ranges,
    overdue: z.boolean().optional().describe('Whether it was due before now and is neither done nor archived.'),
    watching: z.boolean().optional().describe('Whether you watch it and have not muted it.'),
    blocked: z
      .boolean()
      .optional()
      .describe(
        'Whether it waits for a task that is neither done, archived nor in the trash, and that the caller sees.',
      ),
    deleted: z.boolean().default(false).describe('Whether to list the trash instead.'),
    search: text(1, 200)
      .optional()
      .describe(
        'Words of title and description, in any order: every one must begin a word there. Case, width and accents do not count; in scripts without spaces, a word may be anywhere. The more of the first ten words the title has, the earlier the task is listed. When more than 10,000 tasks of the organization have the words, whatever the other filters are, the newest are listed first.',
      ),
  })
  .refine(({ sort, project = [] }) => !isByPosition(sort) || (project.length === 1 && project[0] !== 'none'), {
    path: ['sort'],
    message: 'The position is an order in one project: filter by it.',
  });
export type TaskListInput = z.output<typeof TaskListInput>;

export const TrashEmptied = output('TrashEmptied', {
  deleted: z.number().int().describe('How many tasks were deleted for ever.'),
});
export type TrashEmptied = z.output<typeof TrashEmptied>;

export const TaskReassign = input('TaskReassign', {
  ...MemberPath.shape,
  toUserId: id().describe('An active member, who takes the tasks over.'),
});
export type TaskReassign = z.output<typeof TaskReassign>;

export const TasksReassigned = output('TasksReassigned', {
  reassigned: z.number().int().describe('How many tasks changed hands.'),
});
export type TasksReassigned = z.output<typeof TasksReassigned>;
