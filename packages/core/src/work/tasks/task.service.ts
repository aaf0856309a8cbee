import { authorize, decide, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import type { Changes } from '../../kernel/changes.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { Principal } from '../../kernel/principal.ts';
import { Rows } from '../../kernel/rows.ts';
import { limitExceeded, lockOrganization } from '../../tenancy/index.ts';
import { readAssignable, requireAssignable } from '../projects/project.people.ts';
import { workErrors } from '../work.errors.ts';
import { searchRow } from './task-search.ts';
import { TaskSearchEntity } from './task-search.entity.ts';
import { TaskAssigneeEntity, TaskTagEntity } from './task.entity.ts';
import type { TaskLinks } from './task.links.ts';
import type { OrderPlace } from './task.position.ts';
import {
  assignedBy,
  isMoved,
  movePlaces,
  readTrees,
  requireParentsProject,
  requireProject,
  takePlaces,
} from './task.project.ts';
import { assembleTask } from './task.queries.ts';
import { numbersTaken, takeQuotaAndNumber } from './task.quota.ts';
import { type LockedTask, lockTasks, oneOrMany, tasks, taskSubject } from './task.record.ts';
import { lockParents, readReferences, type Referable, requireReferences, tagsOf } from './task.references.ts';
import type { Task, TaskCreate, TaskStatus, TaskUpdate } from './task.schema.ts';
import { parentsAbove } from './task.tree.ts';

/**
 * Creates a task. A caller who may see only tasks that are assigned to them becomes its assignee. A subtask for which no project is
 * given is in the project of its parent.
 * @throws `permission_denied` when such a caller assigns it to others only; `assignee_not_found`, `tag_not_found`,
 * `parent_not_found`, `team_not_found`, `project_not_found`, `parent_in_other_project`, `assignee_not_in_project`, `limit_exceeded`
 */
export const createTask = (ctx: ServiceContext, input: TaskCreate): Promise<Task> =>
  createTasks(ctx, Rows.one(input), (created) => created.only);

/**
 * Changes the fields that are given; null clears. Links count as fields. The version rises once, or not at all when nothing
 * differs. A task goes to the project of a new parent, unless another one is given, and its subtasks follow.
 * @throws `task_not_found`, `version_conflict`, `permission_denied`, `assignee_not_found`, `tag_not_found`,
 * `parent_not_found`, `parent_cycle`, `team_not_found`, `project_not_found`, `parent_in_other_project`, `assignee_not_in_project`,
 * `too_many_subtasks`, `subtask_in_same_call`
 */
export const updateTask = (ctx: ServiceContext, input: TaskUpdate): Promise<Task> =>
  updateTasks(ctx, Rows.one(input), (updated) => updated.only);

/** Whether a new task is in the project of its parent, whichever that is. */
const inherits = ({ parentId, projectId }: Pick<TaskCreate, 'parentId' | 'projectId'>): boolean =>
  Boolean(parentId) && projectId === undefined;

/** What a new task is made of, with what the caller left out. */
function draftOf(
  ctx: Pick<ServiceContext, 'clock'> & { principal: Principal },
  input: TaskCreate,
  projectId: string | null,
) {
  const { assigneeIds: given, tagIds = [], ...fields } = input;
  const { teamId = null, status = 'todo', priority = 'medium' } = fields;
  const subject = (people: readonly string[]) => taskSubject({ teamId, projectId, priority }, people);
  const unassigned = decide(ctx.principal, 'task:create', subject([]), ctx.clock.now()).allowed;
  const assigneeIds = given ?? (unassigned ? [] : [ctx.principal.userId]);
  authorize(ctx, 'task:create', subject(assigneeIds));
  return { ...fields, projectId, status, priority, assigneeIds, tagIds };
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
  const { userId, grants } = ctx.principal;
  const drafting = (parents: ReadonlyMap<string, { projectId: string | null }>) => (input: TaskCreate) =>
    draftOf(
      ctx,
      input,
      inherits(input) ? (parents.get(input.parentId ?? '')?.projectId ?? null) : (input.projectId ?? null),
    );
  // Only to a role in a project does it matter which project the parent is in. Everybody else is refused at once.
  const isPlaced = grants.some(({ scope }) => scope.kind === 'project');
  const early = isPlaced ? null : rows.map(drafting(new Map()));
  return mutate(ctx, async (unit) => {
    const heirs = rows.values.filter(inherits).flatMap(({ parentId }) => parentId ?? []);
    const parents = await lockParents(unit, [...new Set(heirs)]);
    const drafts = early && heirs.length === 0 ? early : rows.map(drafting(parents));
    // Sent together, the counters last, because they stay locked until commit.
    const [found, raised] = await Promise.all([
      readReferences(unit, drafts.values, [userId], parents),
      takeQuotaAndNumber(unit, drafts.size),
    ]);
    const assignable = await readAssignable(unit, drafts.values.flatMap(inProject));
    const checked = drafts.map((draft) => {
      requireReferences(found, draft);
      if (draft.parentId) requireParentsProject(found.parents.get(draft.parentId), draft.projectId);
      requireAssignable(assignable, draft.projectId, draft.assigneeIds, ['assigneeIds']);
      return draft;
    });
    const numbers = await numbersTaken(unit, raised, drafts.size, checked.size);
    let left = numbers.count;
    const numbered = checked.map((draft) => {
      if (numbers.max !== null && left-- <= 0) throw limitExceeded('tasks', numbers.max);
      return { ...draft, id: uuidv7() };
    });
    const news = numbered.values;
    const places = await takePlaces(unit, news);
    const tracked = news.map(({ assigneeIds, tagIds }) => ({ assigneeIds, tagIds: tagIds.toSorted() }));
    const added = await tasks.addMany(
      unit,
      news.map(({ assigneeIds: _people, tagIds: _tags, ...fields }, index) => ({
        ...fields,
        ...places.get(fields.id),
        completedAt: fields.status === 'done' ? unit.now : null,
        number: numbers.first + index,
        isLinked: false,
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
      ids: { ...noLinks, assigneeIds: new Map(news.map(({ id, assigneeIds }) => [id, assigneeIds])) },
      viewerId: userId,
      people: found.people,
      projectKeys: keysOf(found),
      tags: new Map(news.map(({ id, tagIds }) => [id, tagsOf(found, tagIds)])),
    };
    const shown = new Map(added.map((task) => [task.id, assembleTask(task, links)]));
    return answer(numbered.map(({ id }) => shownOf(shown, id)));
  });
}

/** The people who are to be assigned in a project. */
const inProject = ({ projectId, assigneeIds }: { projectId: string | null; assigneeIds: readonly string[] }) =>
  projectId === null ? [] : [{ projectId, userIds: assigneeIds }];

const keysOf = (found: Referable) => new Map([...found.projects].map(([id, { key }]) => [id, key]));

/** A new task has no dependencies, and nobody has muted it. */
const noLinks = {
  blockedBy: new Map<string, string[]>(),
  blocks: new Map<string, string[]>(),
  muted: new Map<string, boolean>(),
};

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
  return mutate(ctx, async (unit) => answer(await changeTasks(unit, rows)));
}

/** What a change refers to. The project in which a task is already needs no check. */
const referred = ({ task, fields }: { task: LockedTask; fields: Fields }) =>
  isMoved(task, fields) ? fields : { ...fields, projectId: null };

/**
 * Changes tasks as `updateTasks` does, in a unit.
 * @param beside the new place of a single task in the order of a project. @default the same, or behind all others in a new project
 * @throws `neighbor_in_other_project` when it would not be in that project
 */
export async function changeTasks(unit: Unit, given: Rows<TaskUpdate>, beside?: OrderPlace): Promise<Rows<Task>> {
  const { ctx } = unit;
  const parentIds = [...new Set(given.values.flatMap(({ parentId }) => parentId ?? []))];
  const mayMove = parentIds.length > 0 || given.values.some(({ projectId }) => projectId !== undefined);
  // From the top down, as deleting a tree locks, so that the two do not wait for each other.
  if (mayMove) await lockOrganization(unit);
  const parents = parentIds.length > 0 ? await tasks.lockMany(unit, { id: oneOrMany(parentIds) }) : [];
  const projectOf = new Map(parents.map(({ id, projectId }) => [id, projectId]));
  const rows = given.map((row) => (inherits(row) ? { ...row, projectId: projectOf.get(row.parentId ?? '') } : row));
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
  const found = await readReferences(unit, allowed.values.map(referred));
  const trees = await readTrees(unit, allowed.values);
  const assignable = await readAssignable(
    unit,
    allowed.values.flatMap((row) => assignedBy(row, trees)),
  );
  const above = parentIds.length > 0 ? await parentsAbove(unit.invisible, parentIds) : new Map<string, string | null>();
  const checked = allowed.map(({ task, fields }) => {
    requireReferences(found, referred({ task, fields }), task.assigneeIds);
    requireProject(unit, { task, fields, trees, found, assignable, beside });
    if (fields.parentId) refuseCycle(above, task.id, fields.parentId);
    if (fields.parentId !== undefined) above.set(task.id, fields.parentId);
    return { task, fields };
  });
  const fieldsOf = new Map(checked.values.map(({ task, fields }) => [task.id, fields]));
  const moved = checked.values.filter(({ task, fields }) => isMoved(task, fields));
  const followers = moved.flatMap(({ task }) => trees.below.get(task.id) ?? []);
  const places = await movePlaces(unit, moved, trees);
  const changed = await tasks.changeMany(
    unit,
    [...checked.values.map(({ task }) => task), ...followers],
    (task) => ({
      ...changesOf(task, fieldsOf.get(task.id) ?? {}, unit.now),
      ...places.get(task.id),
      ...(beside && fieldsOf.has(task.id) && { position: beside.position }),
    }),
    { later: true },
  );
  await writeLater(unit, changed.length, [...replaceLinks(unit, changed), ...replaceWords(unit, changed)]);
  const afterwards = new Map(changed.map(({ after }) => [after.id, after]));
  const newLinks = linksAfter(links, found, checked.values);
  return checked.map(({ task }) => assembleTask(afterwards.get(task.id) ?? task, newLinks));
}

/** @throws `permission_denied` unless the caller may change the task, and still could afterwards */
function authorizeUpdate(ctx: ServiceContext, task: LockedTask, fields: Fields): void {
  const { assigneeIds = task.assigneeIds, teamId = task.teamId, projectId = task.projectId } = fields;
  authorize(ctx, 'task:update', taskSubject(task, task.assigneeIds));
  // Nobody moves a task out of their own reach. The old priority decides whether it may be changed at this hour.
  authorize(ctx, 'task:update', taskSubject({ ...task, teamId, projectId }, assigneeIds));
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

/** A map with the entries of another one. Known names are many, and new ones few, so without any the map itself is returned. */
const joined = <Key, Value>(known: ReadonlyMap<Key, Value>, more: ReadonlyMap<Key, Value>): ReadonlyMap<Key, Value> =>
  more.size === 0 ? known : new Map([...known, ...more]);

/** The links of the tasks as they will be. */
function linksAfter(
  links: TaskLinks,
  found: Referable,
  rows: readonly { task: LockedTask; fields: Fields }[],
): TaskLinks {
  const assigneeIds = new Map(links.ids.assigneeIds);
  const tags = new Map(links.tags);
  for (const { task, fields } of rows) {
    if (fields.assigneeIds) assigneeIds.set(task.id, fields.assigneeIds);
    if (fields.tagIds) tags.set(task.id, tagsOf(found, fields.tagIds));
  }
  return {
    ...links,
    ids: { ...links.ids, assigneeIds },
    projectKeys: joined(links.projectKeys, keysOf(found)),
    people: joined(links.people, found.people),
    tags,
  };
}
