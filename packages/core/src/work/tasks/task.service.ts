import { authorize, decide, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import type { Changes } from '../../kernel/changes.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { Principal } from '../../kernel/principal.ts';
import { Rows } from '../../kernel/rows.ts';
import { limitExceeded, lockOrganization } from '../../tenancy/index.ts';
import { workErrors } from '../work.errors.ts';
import { searchRow } from './task-search.ts';
import { TaskSearchEntity } from './task-search.entity.ts';
import { TaskAssigneeEntity, TaskTagEntity } from './task.entity.ts';
import type { TaskLinks } from './task.links.ts';
import { assembleTask } from './task.queries.ts';
import { numbersTaken, takeQuotaAndNumber } from './task.quota.ts';
import { audienceOf, type LockedTask, lockTasks, oneOrMany, tasks, taskSubject } from './task.record.ts';
import { readReferences, type Referable, requireReferences, tagsOf } from './task.references.ts';
import type { Task, TaskCreate, TaskStatus, TaskUpdate } from './task.schema.ts';
import { parentsAbove } from './task.tree.ts';

/**
 * Creates a task. A caller who may see only tasks that are assigned to them becomes its assignee.
 * @throws `permission_denied` when such a caller assigns it to others only; `assignee_not_found`, `tag_not_found`,
 * `parent_not_found`, `team_not_found`, `limit_exceeded`
 */
export const createTask = (ctx: ServiceContext, input: TaskCreate): Promise<Task> =>
  createTasks(ctx, Rows.one(input), (created) => created.only);

/**
 * Changes the fields that are given; null clears. Links count as fields. The version rises once, or not at all when nothing
 * differs.
 * @throws `task_not_found`, `version_conflict`, `permission_denied`, `assignee_not_found`, `tag_not_found`,
 * `parent_not_found`, `parent_cycle`, `team_not_found`
 */
export const updateTask = (ctx: ServiceContext, input: TaskUpdate): Promise<Task> =>
  updateTasks(ctx, Rows.one(input), (updated) => updated.only);

/** What a new task is made of, with what the caller left out. */
function draftOf(ctx: Pick<ServiceContext, 'clock'> & { principal: Principal }, input: TaskCreate) {
  const { assigneeIds: given, tagIds = [], ...fields } = input;
  const { teamId = null, status = 'todo', priority = 'medium' } = fields;
  const subject = (people: readonly string[]) => taskSubject({ teamId, priority }, people);
  const unassigned = decide(ctx.principal, 'task:create', subject([]), ctx.clock.now()).allowed;
  const assigneeIds = given ?? (unassigned ? [] : [ctx.principal.userId]);
  authorize(ctx, 'task:create', subject(assigneeIds));
  return { ...fields, status, priority, assigneeIds, tagIds };
}

/**
 * Creates one task or several by the same statements.
 * @param answer makes the answer of the mutation from the tasks
 * @throws what `createTask` throws
 */
export async function createTasks<Answer>(
  ctx: ServiceContext,
  rows: Rows<TaskCreate>,
  answer: (created: Rows<Task>) => Answer,
): Promise<Answer> {
  requirePermission(ctx, 'task:create');
  const { userId } = ctx.principal;
  const drafts = rows.map((input) => draftOf(ctx, input));
  return mutate(ctx, async (unit) => {
    // Sent together, the counters last, because they stay locked until commit.
    const [found, raised] = await Promise.all([
      readReferences(unit, drafts.values, [userId]),
      takeQuotaAndNumber(unit, drafts.size),
    ]);
    const checked = drafts.map((draft) => {
      requireReferences(found, draft);
      return draft;
    });
    const numbers = await numbersTaken(unit, raised, drafts.size, checked.size);
    let left = numbers.count;
    const numbered = checked.map((draft) => {
      if (numbers.max !== null && left-- <= 0) throw limitExceeded('tasks', numbers.max);
      return { ...draft, id: uuidv7() };
    });
    const news = numbered.values;
    const tracked = news.map(({ assigneeIds, tagIds }) => ({ assigneeIds, tagIds: tagIds.toSorted() }));
    const added = await tasks.addMany(
      unit,
      news.map(({ assigneeIds: _people, tagIds: _tags, ...fields }, index) => ({
        ...fields,
        completedAt: fields.status === 'done' ? unit.now : null,
        number: numbers.first + index,
      })),
      { tracked: (index) => tracked[index] ?? {}, later: true },
    );
    const linked = news.map((draft) => ({ ...draft, createdAt: unit.now }));
    await writeLater(unit, news.length, [
      linkAssignees(unit, linked),
      linkTags(unit, linked),
      unit.insert(TaskSearchEntity, ...news.map((draft) => searchRow(unit, draft))),
    ]);
    const links = {
      ...noLinks,
      people: found.people,
      assigneeIds: new Map(news.map(({ id, assigneeIds }) => [id, assigneeIds])),
      tags: new Map(news.map(({ id, tagIds }) => [id, tagsOf(found, tagIds)])),
    };
    const shown = new Map(added.map((task) => [task.id, assembleTask(task, links)]));
    return answer(numbered.map(({ id }) => shownOf(shown, id)));
  });
}

/** A new task has no dependencies. */
const noLinks = { blockedBy: new Map<string, string[]>(), blocks: new Map<string, string[]>() };

function shownOf(shown: ReadonlyMap<string, Task>, id: string): Task {
  const task = shown.get(id);
  if (!task) throw new Error('A task that was written is not shown.');
  return task;
}

/** Lets a unit commit without waiting for the last statements of one row. Of several rows, not all are sent yet. */
async function writeLater(unit: Unit, rows: number, written: readonly Promise<unknown>[]): Promise<void> {
  if (rows === 1) unit.later(...written);
  else await Promise.all(written);
}

/** A task with the ids of what is linked to it, and with the value that its links repeat. */
interface Linked {
  id: string;
  createdAt: string | Date;
  assigneeIds: readonly string[];
  tagIds: readonly string[];
}

export const linkAssignees = (unit: Unit, linked: readonly Linked[]): Promise<void> =>
  unit.insert(
    TaskAssigneeEntity,
    ...linked.flatMap(({ id: taskId, createdAt, assigneeIds }) =>
      assigneeIds.map((userId, position) => ({ ...unit.owner, taskId, userId, position, createdAt })),
    ),
  );

export const linkTags = (unit: Unit, linked: readonly Linked[]): Promise<void> =>
  unit.insert(
    TaskTagEntity,
    ...linked.flatMap(({ id: taskId, createdAt, tagIds }) =>
      tagIds.map((tagId) => ({ ...unit.owner, taskId, tagId, createdAt })),
    ),
  );

type Fields = Omit<TaskUpdate, 'id'>;

/** The people whom a change of one task may concern. Who watches many tasks is unknown. */
function audienceOfOne(rows: readonly { task: LockedTask; fields: Fields }[]): { audience?: string[] } {
  const [only, ...others] = rows;
  if (!only || others.length > 0) return {};
  const { task, fields } = only;
  return { audience: audienceOf(task, task.assigneeIds, fields.assigneeIds ?? [], task.watcherIds) };
}

/**
 * Changes one task or several by the same statements, each as its row says.
 * @param rows must not name a task twice
 * @param answer makes the answer of the mutation from the tasks
 * @throws what `updateTask` throws
 */
export async function updateTasks<Answer>(
  ctx: ServiceContext,
  rows: Rows<TaskUpdate>,
  answer: (updated: Rows<Task>) => Answer,
): Promise<Answer> {
  requirePermission(ctx, 'task:update');
  return mutate(ctx, async (unit) => {
    const parentIds = [...new Set(rows.values.flatMap(({ parentId }) => parentId ?? []))];
    if (parentIds.length > 0) {
      // From the top down, as deleting a tree locks, so that the two do not wait for each other.
      await lockOrganization(unit);
      await tasks.lockMany(unit, { id: oneOrMany(parentIds) });
    }
    const { locked, nameAll } = await lockTasks(
      unit,
      rows.values.map(({ id }) => id),
    );
    const allowed = rows.map(({ id, ...fields }) => {
      const task = locked.get(id);
      if (!task) throw workErrors.task_not_found();
      authorizeUpdate(ctx, task, fields);
      unit.checkVersion(task);
      return { task, fields };
    });
    const links = await nameAll();
    const found = await readReferences(
      unit,
      allowed.values.map(({ fields }) => fields),
    );
    const above =
      parentIds.length > 0 ? await parentsAbove(unit.invisible, parentIds) : new Map<string, string | null>();
    const checked = allowed.map(({ task, fields }) => {
      requireReferences(found, fields, task.assigneeIds);
      if (fields.parentId) refuseCycle(above, task.id, fields.parentId);
      if (fields.parentId !== undefined) above.set(task.id, fields.parentId);
      return { task, fields };
    });
    const fieldsOf = new Map(checked.values.map(({ task, fields }) => [task.id, fields]));
    const changed = await tasks.changeMany(
      unit,
      checked.values.map(({ task }) => task),
      (task) => changesOf(task, fieldsOf.get(task.id) ?? {}, unit.now),
      { later: true, ...audienceOfOne(checked.values) },
    );
    await writeLater(unit, changed.length, [...replaceLinks(unit, changed), ...replaceWords(unit, changed)]);
    const afterwards = new Map(changed.map(({ after }) => [after.id, after]));
    const newLinks = linksAfter(links, found, checked.values);
    return answer(checked.map(({ task }) => assembleTask(afterwards.get(task.id) ?? task, newLinks)));
  });
}

/** @throws `permission_denied` unless the caller may change the task, and still could afterwards */
function authorizeUpdate(ctx: ServiceContext, task: LockedTask, fields: Fields): void {
  const { assigneeIds = task.assigneeIds, teamId = task.teamId } = fields;
  authorize(ctx, 'task:update', taskSubject(task, task.assigneeIds));
  // Nobody moves a task out of their own reach. The old priority decides whether it may be changed at this hour.
  authorize(ctx, 'task:update', taskSubject({ ...task, teamId }, assigneeIds));
}

/**
 * Walks up from the new parent. The caller must have locked the organization: of two moves that would close a circle together, one
 * then sees the other.
 * @param above the parents of all tasks above, as they will be
 * @throws `parent_cycle` when the new parent is the task itself or one of its subtasks
 */
function refuseCycle(above: ReadonlyMap<string, string | null>, taskId: string, parentId: string): void {
  for (let at: string | null = parentId; at !== null; at = above.get(at) ?? null)
    if (at === taskId) throw workErrors.parent_cycle({ field: ['parentId'] });
}

const changesOf = (task: LockedTask, fields: Fields, now: Date) => ({
  ...fields,
  tagIds: fields.tagIds?.toSorted(),
  completedAt: completion(task, fields.status, now),
});

/** Completing sets completedAt, reopening clears it, archiving keeps it. */
function completion(task: LockedTask, status: TaskStatus | undefined, now: Date): string | null | undefined {
  if (status === undefined || status === task.status || status === 'archived') return undefined;
  return status === 'done' ? now.toISOString() : null;
}

interface Changed {
  after: LockedTask;
  changes: Changes;
}

/** The tasks among these in which one of some fields has changed. */
const changedIn = (changed: readonly Changed[], ...fields: readonly string[]): LockedTask[] =>
  changed.filter(({ changes }) => fields.some((field) => changes[field])).map(({ after }) => after);

const idsOf = (some: readonly LockedTask[]) => oneOrMany(some.map(({ id }) => id));

function replaceLinks(unit: Unit, changed: readonly Changed[]): Promise<unknown>[] {
  const assigned = changedIn(changed, 'assigneeIds');
  const tagged = changedIn(changed, 'tagIds');
  return [
    ...(assigned.length > 0
      ? [unit.delete(TaskAssigneeEntity, { taskId: idsOf(assigned) }), linkAssignees(unit, assigned)]
      : []),
    ...(tagged.length > 0 ? [unit.delete(TaskTagEntity, { taskId: idsOf(tagged) }), linkTags(unit, tagged)] : []),
  ];
}

/** Keeps the search words in line with the texts. */
function replaceWords(unit: Unit, changed: readonly Changed[]): Promise<unknown>[] {
  const [one, ...others] = changedIn(changed, 'title', 'description').map((task) => searchRow(unit, task));
  if (!one) return [];
  if (others.length > 0) return [unit.updateList(TaskSearchEntity, ['taskId'], [one, ...others])];
  const { taskId, title, body } = one;
  return [unit.update(TaskSearchEntity, { taskId }, { title, body })];
}

/** The links of the tasks as they will be. */
function linksAfter(
  links: TaskLinks,
  found: Referable,
  rows: readonly { task: LockedTask; fields: Fields }[],
): TaskLinks {
  const assigneeIds = new Map(links.assigneeIds);
  const tags = new Map(links.tags);
  for (const { task, fields } of rows) {
    if (fields.assigneeIds) assigneeIds.set(task.id, fields.assigneeIds);
    if (fields.tagIds) tags.set(task.id, tagsOf(found, fields.tagIds));
  }
  return {
    ...links,
    people: new Map([...links.people, ...found.people]),
    assigneeIds,
    tags,
  };
}
