import { sql } from 'kysely';
import { authorize, isUnrestricted } from '../../access/index.ts';
import type { Row } from '../../database/schema.ts';
import { current, statement } from '../../database/statement.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { stepRows } from '../../jobs/index.ts';
import { type Assignable, requireAssignable } from '../projects/project.people.ts';
import { workErrors } from '../work.errors.ts';
import { type TaskEntity, TaskKeyEntity } from './task.entity.ts';
import { type LinkIds, linkIdsOf } from './task.links.ts';
import { type OrderPlace, positionOf } from './task.position.ts';
import { type LockedTask, tasks, taskSubject, withLinkIds } from './task.record.ts';
import type { Referable } from './task.references.ts';

/** The name of the counter of a project's task numbers. It only rises. */
export const projectCounter = (projectId: string): string => `tasks of ${projectId}`;

const takeNumbers = statement((db, { name, count }: { name: string; count: number }) =>
  db
    .insertInto('counters')
    .values({ organization_id: current.organization, name, value: count })
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'name']).doUpdateSet({ value: sql<number>`counters.value + ${count}` }),
    )
    .returning('value'),
);

/** Takes the next numbers of a project and returns the first. They stay locked until commit, so take them last. */
async function takeProjectNumbers(unit: Unit, projectId: string, count: number): Promise<number> {
  const [row] = await unit.db.run(takeNumbers, { name: projectCounter(projectId), count });
  if (!row) throw new Error('Numbers of a project were to be taken.');
  return row.value - count + 1;
}

/** What a task has in its project. */
type TaskPlace = Pick<Row<typeof TaskEntity>, 'projectId' | 'projectNumber' | 'position'>;

/**
 * Takes the places of tasks that come into projects: each behind all others, in this order. Outside of projects a task has neither number
 * nor position.
 */
export async function takePlaces(
  unit: Unit,
  coming: readonly { id: string; projectId: string | null }[],
): Promise<Map<string, TaskPlace>> {
  const places = new Map<string, TaskPlace>();
  for (const [projectId, some] of Map.groupBy(coming, (task) => task.projectId)) {
    const first = projectId === null ? null : await takeProjectNumbers(unit, projectId, some.length);
    for (const [index, { id }] of some.entries()) {
      const projectNumber = first === null ? null : first + index;
      const position = projectNumber === null ? null : positionOf(projectNumber);
      places.set(id, { projectId, projectNumber, position });
    }
  }
  return places;
}

/**
 * Throws unless a task is in the project of its parent.
 * @throws `parent_in_other_project`
 */
export function requireParentsProject(
  parent: { projectId: string | null } | undefined,
  projectId: string | null,
): void {
  if (parent && parent.projectId !== projectId) throw workErrors.parent_in_other_project({ field: ['projectId'] });
}

interface Fields {
  parentId?: string | null | undefined;
  projectId?: string | null | undefined;
  assigneeIds?: readonly string[] | undefined;
}

interface Change {
  task: LockedTask;
  fields: Fields;
}

/** Whether a task goes to another project, or out of one. */
export const isMoved = (task: Pick<LockedTask, 'projectId'>, { projectId }: Fields): boolean =>
  projectId !== undefined && projectId !== task.projectId;

/** What moves along with some tasks, and the parents that they keep. */
export interface MovedTrees {
  /** The subtasks of each, on all levels, in the trash or not, in the order of their numbers. */
  below: ReadonlyMap<string, readonly LockedTask[]>;
  /** By the id of the parent. */
  kept: ReadonlyMap<string, Row<typeof TaskEntity>>;
  /** All tasks that move. */
  moving: ReadonlySet<string>;
  /** All tasks that the call names. */
  named: ReadonlySet<string>;
}

const withoutTrees: MovedTrees = { below: new Map(), kept: new Map(), moving: new Set(), named: new Set() };

/** More subtasks than this are not read: their tree is refused. */
const mostFollowers = stepRows - 1;

/** Locks the subtasks of tasks that move, level by level, and the parents that they keep. The caller need not see any of them. */
export async function readTrees(unit: Unit, changes: readonly Change[]): Promise<MovedTrees> {
  const moved = changes.filter(({ task, fields }) => isMoved(task, fields));
  if (moved.length === 0) return withoutTrees;
  const rootOf = new Map(moved.map(({ task }) => [task.id, task.id]));
  const found: { root: string; row: Row<typeof TaskEntity> }[] = [];
  for (let level = [...rootOf.keys()]; level.length > 0 && found.length <= mostFollowers;) {
    const children = await tasks.lockMany(unit, { parentId: level }, { trash: true, invisible: true });
    level = [];
    for (const row of children) {
      const root = rootOf.get(row.parentId ?? '');
      if (root === undefined) continue;
      found.push({ root, row });
      if (rootOf.has(row.id)) continue;
      rootOf.set(row.id, root);
      level.push(row.id);
    }
  }
  const linkIds: LinkIds = await linkIdsOf(
    unit.invisible,
    found.map(({ row }) => row),
  );
  const below = Map.groupBy(
    found
      .toSorted((a, b) => a.row.number - b.row.number)
      .map(({ root, row }) => ({ root, task: withLinkIds(row, linkIds) })),
    ({ root }) => root,
  );
  const keptIds = moved.flatMap(({ task, fields }) => (fields.parentId === undefined ? (task.parentId ?? []) : []));
  const kept =
    keptIds.length === 0
      ? []
      : await tasks.lockMany(unit, { id: [...new Set(keptIds)] }, { trash: true, invisible: true, share: true });
  return {
    below: new Map([...below].map(([root, some]) => [root, some.map(({ task }) => task)])),
    kept: new Map(kept.map((row) => [row.id, row])),
    moving: new Set(rootOf.keys()),
    named: new Set(changes.map(({ task }) => task.id)),
  };
}

/** The people who will be assigned to tasks of a project by a change, as far as the change decides on them. */
export function assignedBy(
  { task, fields }: Change,
  { below }: MovedTrees,
): { projectId: string; userIds: readonly string[] }[] {
  const { assigneeIds = task.assigneeIds, projectId = task.projectId } = fields;
  if (projectId === null || (!fields.assigneeIds && !isMoved(task, fields))) return [];
  const followers = below.get(task.id) ?? [];
  return [{ projectId, userIds: [...assigneeIds, ...followers.flatMap((follower) => follower.assigneeIds)] }];
}

interface ProjectCheck extends Change {
  trees: MovedTrees;
  found: Referable;
  assignable: Assignable;
  beside: OrderPlace | undefined;
}

/**
 * Throws unless a change leaves a task, with its subtasks, in a project where it may be.
 * @throws `neighbor_in_other_project`, `parent_in_other_project`, `assignee_not_in_project`, `too_many_subtasks`,
 * `subtask_in_same_call`, `permission_denied` for a subtask
 */
export function requireProject(unit: Unit, { task, fields, trees, found, assignable, beside }: ProjectCheck): void {
  const { projectId = task.projectId, assigneeIds = task.assigneeIds } = fields;
  if (beside && beside.projectId !== projectId) throw workErrors.neighbor_in_other_project({ field: beside.field });
  // A parent that moves by the same call is in another project by then.
  if (fields.parentId && trees.moving.has(fields.parentId))
    throw workErrors.parent_in_other_project({ field: ['parentId'] });
  if (fields.parentId) requireParentsProject(found.parents.get(fields.parentId), projectId);
  if (!isMoved(task, fields)) {
    if (fields.assigneeIds) requireAssignable(assignable, projectId, assigneeIds, ['assigneeIds']);
    return;
  }
  if (fields.parentId === undefined) requireParentsProject(trees.kept.get(task.parentId ?? ''), projectId);
  const followers = trees.below.get(task.id) ?? [];
  if (followers.length > mostFollowers) throw workErrors.too_many_subtasks({ field: ['projectId'] });
  if (followers.some(({ id }) => trees.named.has(id))) throw workErrors.subtask_in_same_call({ field: ['projectId'] });
  authorizeFollowers(unit, followers, projectId);
  const people = [...assigneeIds, ...followers.flatMap((follower) => follower.assigneeIds)];
  requireAssignable(assignable, projectId, people, ['projectId']);
}

/** Throws unless the caller's own roles reach these subtasks where they are, and where they are going. */
function authorizeFollowers({ ctx }: Unit, followers: readonly LockedTask[], projectId: string | null): void {
  if (!ctx.principal || isUnrestricted(ctx.principal, 'task:update')) return;
  for (const task of followers)
    for (const place of [task, { ...task, projectId }])
      authorize(ctx, 'task:update', taskSubject(place, task.assigneeIds));
}

/** Takes the places of tasks that move, and of their subtasks. Their old keys go on leading to them. */
export async function movePlaces(
  unit: Unit,
  moved: readonly Change[],
  { below }: MovedTrees,
): Promise<Map<string, TaskPlace>> {
  if (moved.length === 0) return new Map();
  const coming = moved.flatMap(({ task, fields: { projectId = task.projectId } }) =>
    [task, ...(below.get(task.id) ?? [])].map((one) => ({ one, id: one.id, projectId })),
  );
  const left = coming.flatMap(({ one: { id: taskId, projectId, projectNumber: number } }) =>
    projectId === null || number === null ? [] : [{ ...unit.owner, projectId, number, taskId }],
  );
  await unit.insert(TaskKeyEntity, ...left);
  return takePlaces(unit, coming);
}
