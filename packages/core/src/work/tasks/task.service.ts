import { authorize, decide, requirePermission, type Subject } from '../../access/index.ts';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { NewRow } from '../../database/writes.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { type Changes, diff, isEmpty } from '../../kernel/changes.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { workErrors } from '../work.errors.ts';
import { searchRow } from './task-search.ts';
import { TaskSearchEntity } from './task-search.entity.ts';
import { TaskAssigneeEntity, TaskEntity, type TaskRecord, TaskTagEntity } from './task.entity.ts';
import { linksOfTask, type TaskLinks } from './task.links.ts';
import { assembleTask, lockTask, type TaskRow } from './task.queries.ts';
import { linksOfNew, resolveReferences } from './task.references.ts';
import { takeQuotaAndNumber } from './task.quota.ts';
import {
  type Task,
  type TaskCreate,
  taskPriorities,
  type TaskPriority,
  type TaskStatus,
  taskStatuses,
  type TaskUpdate,
} from './task.schema.ts';

const date = (value: string | null | undefined): Date | null => (value ? new Date(value) : null);
const statusColumns = (status: TaskStatus) => ({ status, statusRank: taskStatuses.indexOf(status) });
const priorityColumns = (priority: TaskPriority) => ({ priority, priorityRank: taskPriorities.indexOf(priority) });
const titleColumns = (title: string) => ({ title, titleSort: title.toLowerCase() });
const iso = (value: Date | null | undefined): string | null => value?.toISOString() ?? null;

/** An entity as the reads show it. */
export function rowOf(task: TaskRecord): TaskRow {
  return {
    id: task.id,
    number: task.number,
    title: task.title,
    description: task.description ?? null,
    status: task.status,
    priority: task.priority,
    dueDate: iso(task.dueDate),
    startDate: iso(task.startDate),
    estimatedHours: task.estimatedHours ?? null,
    actualHours: task.actualHours ?? null,
    completedAt: iso(task.completedAt),
    parentId: task.parentId ?? null,
    teamId: task.teamId ?? null,
    createdById: task.createdById,
    updatedById: task.updatedById,
    createdAt: task.createdAt.toISOString(),
    updatedAt: task.updatedAt.toISOString(),
    deletedAt: iso(task.deletedAt),
    version: task.version,
  };
}

/**
 * Creates a task. Who may only see what is assigned to them becomes its assignee.
 * @throws `permission_denied` when such a person assigns it to others only; `assignee_not_found`, `tag_not_found`,
 * `parent_not_found`, `team_not_found`, `limit_exceeded`
 */
export async function createTask(ctx: ServiceContext, input: TaskCreate): Promise<Task> {
  requirePermission(ctx, 'task:create');
  const { userId, organizationId } = ctx.principal;
  const { teamId = null, priority = 'medium' } = input;
  const subject = (people: readonly string[]): Subject => ({ people, places: { team: teamId }, priority });
  const unassigned = decide(ctx.principal, 'task:create', subject([]), ctx.clock.now()).allowed;
  const assigneeIds = input.assigneeIds ?? (unassigned ? [] : [userId]);
  authorize(ctx, 'task:create', subject(assigneeIds));
  return mutate(ctx, async (unit) => {
    const references = await resolveReferences(unit, {
      assigneeIds,
      tagIds: input.tagIds ?? [],
      parentId: input.parentId ?? null,
      teamId,
      personIds: [userId],
    });
    const status = input.status ?? 'todo';
    const task = {
      organizationId,
      id: uuidv7(),
      ...titleColumns(input.title),
      description: input.description ?? null,
      ...statusColumns(status),
      ...priorityColumns(priority),
      dueDate: date(input.dueDate),
      startDate: date(input.startDate),
      estimatedHours: input.estimatedHours ?? null,
      actualHours: input.actualHours ?? null,
      completedAt: status === 'done' ? unit.now : null,
      parentId: input.parentId ?? null,
      teamId,
      trashId: null,
      version: 1,
      createdAt: unit.now,
      createdById: userId,
      updatedAt: unit.now,
      updatedById: userId,
      deletedAt: null,
      // Last: the counters stay locked until commit.
      number: await takeQuotaAndNumber(unit),
    };
    const answer = assembleTask(rowOf(task), linksOfNew(task.id, assigneeIds, references));
    await Promise.all([
      unit.insert(TaskEntity, task),
      addAssignees(unit, task, assigneeIds),
      addTags(unit, task, answer.tags),
      unit.insert(TaskSearchEntity, searchRow(task)),
      recordEvents(unit, {
        type: 'task.created',
        entity: { type: 'task', id: task.id },
        changes: diff({}, trackedFields(answer)),
        data: { version: answer.version, title: answer.title },
      }),
    ]);
    return answer;
  });
}

function addAssignees(
  unit: Unit,
  task: { organizationId: string; id: string },
  userIds: readonly string[],
): Promise<void> {
  return unit.insert(
    TaskAssigneeEntity,
    ...userIds.map((userId, position) => ({ organizationId: task.organizationId, taskId: task.id, userId, position })),
  );
}

function addTags(unit: Unit, task: { organizationId: string; id: string }, tags: Task['tags']): Promise<void> {
  const { organizationId, id: taskId } = task;
  return unit.insert(TaskTagEntity, ...tags.map((tag) => ({ organizationId, taskId, tagId: tag.id })));
}

/** The fields whose changes are recorded, as the wire names them. */
function trackedFields(task: Task): Record<string, unknown> {
  const { title, description, status, priority, dueDate, startDate, estimatedHours, actualHours, parentId, teamId } =
    task;
  const assigneeIds = task.assignees.map((person) => person.id);
  const tagIds = task.tags.map((tag) => tag.id).sort();
  const dates = { dueDate, startDate };
  const hours = { estimatedHours, actualHours };
  return { title, description, status, priority, ...dates, ...hours, parentId, teamId, assigneeIds, tagIds };
}

/** What decisions need to know of a task. */
export const subjectOf = (
  { teamId, priority }: { teamId?: string | null | undefined; priority: TaskPriority },
  assigneeIds: readonly string[],
): Required<Subject> => ({ people: assigneeIds, places: { team: teamId ?? null }, priority });

/**
 * Loads a task to change it, as far as the caller sees it, with its links and the caller's own name.
 * @throws `task_not_found`
 */
export async function loadTask(unit: Unit, id: string, among: 'living' | 'any' = 'living') {
  const record = await unit.load(TaskEntity, { id }, workErrors.task_not_found);
  const { principal } = unit.ctx;
  const links = await linksOfTask(unit.db, id);
  const assigneeIds = links.assigneeIds.get(id) ?? [];
  const subject = subjectOf(record, assigneeIds);
  const visible = principal && decide(principal, 'task:read', subject).allowed;
  if (!visible || (record.deletedAt && among === 'living')) throw workErrors.task_not_found();
  return { record, links, subject };
}

/**
 * Walks up from the new parent, locking: of two moves that would close a circle together, one must see the other.
 * @throws `parent_cycle` when the new parent is the task itself or one of its subtasks
 */
async function refuseCycle(unit: Unit, taskId: string, parentId: string): Promise<void> {
  for (let at: string | null = parentId; at !== null;) {
    if (at === taskId) throw workErrors.parent_cycle({ field: ['parentId'] });
    const above: TaskRecord = await unit.load(TaskEntity, { id: at }, workErrors.parent_not_found);
    at = above.parentId ?? null;
  }
}

/**
 * Changes the fields that are given; null clears. Links count as fields: the version rises once, or not at all when nothing
 * is different.
 * @throws `task_not_found`, `version_conflict`, `permission_denied`, `assignee_not_found`, `tag_not_found`,
 * `parent_not_found`, `parent_cycle`, `team_not_found`
 */
export async function updateTask(ctx: ServiceContext, input: TaskUpdate): Promise<Task> {
  requirePermission(ctx, 'task:update');
  const { userId, organizationId } = ctx.principal;
  const { id, ...fields } = input;
  return mutate(ctx, async (unit) => {
    const [row, links] = await Promise.all([lockTask(unit.db, id), linksOfTask(unit.db, id)]);
    const subject = subjectOf(row, links.assigneeIds.get(id) ?? []);
    authorize(ctx, 'task:update', subject);
    // Nobody moves a task out of their own reach. What it was decides whether it may be changed at this hour.
    const { assigneeIds = subject.people, teamId = row.teamId } = fields;
    authorize(ctx, 'task:update', { ...subject, people: assigneeIds, places: { team: teamId } });
    unit.checkVersion(row);
    const before = assembleTask(row, links);
    const newLinks = await changeLinks(unit, fields, before, links);
    if (fields.parentId) await refuseCycle(unit, id, fields.parentId);

    const changed = { ...row, ...changedFields(row, fields, unit.now.toISOString()) };
    const changes = diff(trackedFields(before), trackedFields(assembleTask(changed, newLinks)));
    if (isEmpty(changes)) return before;
    const updated = { updatedAt: unit.now.toISOString(), updatedById: userId, version: row.version + 1 };
    const after = assembleTask({ ...changed, ...updated }, newLinks);
    await Promise.all([
      unit.update(TaskEntity, { id }, { ...columnsOf(changed, changes), updatedAt: unit.now, updatedById: userId }),
      replaceLinks(unit, { organizationId, id }, changes, after),
      replaceWords(unit, { organizationId, ...after }, changes),
      recordEvents(unit, {
        type: 'task.updated',
        entity: { type: 'task', id },
        changes,
        data: { version: after.version },
      }),
    ]);
    return after;
  });
}

type TaskFields = Omit<TaskUpdate, 'id'>;

/** The links as they will be, checked to exist (D5). */
async function changeLinks(unit: Unit, fields: TaskFields, before: Task, links: TaskLinks): Promise<TaskLinks> {
  if (!fields.assigneeIds && !fields.tagIds && !fields.parentId && !fields.teamId) return links;
  const kept = new Set(before.assignees.map((person) => person.id));
  const references = await resolveReferences(unit, {
    // Who is assigned already may stay, also when their membership has ended since.
    assigneeIds: (fields.assigneeIds ?? []).filter((userId) => !kept.has(userId)),
    tagIds: fields.tagIds ?? [],
    parentId: fields.parentId ?? null,
    teamId: fields.teamId ?? null,
    personIds: [],
  });
  return {
    people: new Map([...links.people, ...references.people]),
    assigneeIds: fields.assigneeIds ? new Map([[before.id, fields.assigneeIds]]) : links.assigneeIds,
    tags: fields.tagIds ? new Map([[before.id, references.tags]]) : links.tags,
  };
}

/** The fields as they will be. Completing sets completedAt, reopening clears it, archiving keeps it. */
function changedFields(row: TaskRow, fields: TaskFields, now: string): Partial<TaskRow> {
  const { assigneeIds: _assignees, tagIds: _tags, ...own } = fields;
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const { status } = own;
  if (status === undefined || status === row.status || status === 'archived') return given;
  return { ...given, completedAt: status === 'done' ? now : null };
}

/** What an update writes, of what has changed. */
function columnsOf(task: TaskRow, changes: Changes): Partial<NewRow<typeof TaskEntity>> {
  const has = (field: keyof TaskRow) => field in changes;
  return {
    ...(has('title') ? titleColumns(task.title) : {}),
    ...(has('description') ? { description: task.description } : {}),
    ...(has('status') ? { ...statusColumns(task.status), completedAt: date(task.completedAt) } : {}),
    ...(has('priority') ? priorityColumns(task.priority) : {}),
    ...(has('dueDate') ? { dueDate: date(task.dueDate) } : {}),
    ...(has('startDate') ? { startDate: date(task.startDate) } : {}),
    ...(has('estimatedHours') ? { estimatedHours: task.estimatedHours } : {}),
    ...(has('actualHours') ? { actualHours: task.actualHours } : {}),
    ...(has('parentId') ? { parentId: task.parentId } : {}),
    ...(has('teamId') ? { teamId: task.teamId } : {}),
  };
}

/** Keeps what is searched as it reads now. */
async function replaceWords(unit: Unit, task: Task & { organizationId: string }, changes: Changes): Promise<void> {
  if (!changes['title'] && !changes['description']) return;
  const { title, body } = searchRow(task);
  await unit.db.updateTable('task_search').set({ title, body }).where('task_search.task_id', '=', task.id).execute();
}

async function replaceLinks(
  unit: Unit,
  task: { organizationId: string; id: string },
  changes: Changes,
  after: Task,
): Promise<void> {
  if (changes['assigneeIds']) {
    await unit.db.deleteFrom('task_assignees').where('task_assignees.task_id', '=', task.id).execute();
    await addAssignees(
      unit,
      task,
      after.assignees.map((person) => person.id),
    );
  }
  if (changes['tagIds']) {
    await unit.db.deleteFrom('task_tags').where('task_tags.task_id', '=', task.id).execute();
    await addTags(unit, task, after.tags);
  }
}
