import { authorize, decide, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { statement } from '../../database/statement.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import type { Changes } from '../../kernel/changes.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import { lockOrganization } from '../../tenancy/index.ts';
import { workErrors } from '../work.errors.ts';
import { searchRow } from './task-search.ts';
import { TaskSearchEntity } from './task-search.entity.ts';
import { TaskAssigneeEntity, TaskTagEntity } from './task.entity.ts';
import type { TaskLinks } from './task.links.ts';
import { assembleTask } from './task.queries.ts';
import { numberTaken, takeQuotaAndNumber } from './task.quota.ts';
import { type LockedTask, lockTask, tasks, taskSubject } from './task.record.ts';
import { linksOfNew, resolveReferences } from './task.references.ts';
import type { Task, TaskCreate, TaskStatus, TaskUpdate } from './task.schema.ts';

/**
 * Creates a task. A caller who may see only tasks that are assigned to them becomes its assignee.
 * @throws `permission_denied` when such a caller assigns it to others only; `assignee_not_found`, `tag_not_found`,
 * `parent_not_found`, `team_not_found`, `limit_exceeded`
 */
export async function createTask(ctx: ServiceContext, input: TaskCreate): Promise<Task> {
  requirePermission(ctx, 'task:create');
  const { userId } = ctx.principal;
  const { assigneeIds: given, tagIds = [], ...fields } = input;
  const { teamId = null, parentId = null, status = 'todo', priority = 'medium' } = fields;
  const subject = (people: readonly string[]) => taskSubject({ teamId, priority }, people);
  const unassigned = decide(ctx.principal, 'task:create', subject([]), ctx.clock.now()).allowed;
  const assigneeIds = given ?? (unassigned ? [] : [userId]);
  authorize(ctx, 'task:create', subject(assigneeIds));
  return mutate(ctx, async (unit) => {
    // Sent together, the counters last, because they stay locked until commit.
    const [references, taken] = await Promise.all([
      resolveReferences(unit, { assigneeIds, tagIds, parentId, teamId, personIds: [userId] }),
      takeQuotaAndNumber(unit),
    ]);
    const number = await numberTaken(unit, taken);
    const id = uuidv7();
    const completedAt = status === 'done' ? unit.now : null;
    const tracked = { assigneeIds, tagIds: tagIds.toSorted() };
    const given = { ...fields, id, status, priority, completedAt, number };
    const task = await tasks.add(unit, given, { tracked, later: true });
    unit.later(
      linkAssignees(unit, { id, createdAt: unit.now }, assigneeIds),
      linkTags(unit, { id, createdAt: unit.now }, tagIds),
      unit.insert(TaskSearchEntity, searchRow(unit, { id, description: null, ...fields })),
    );
    return assembleTask(task, linksOfNew(id, assigneeIds, references));
  });
}

/** The values of a task that its links repeat. */
interface Linked {
  id: string;
  createdAt: string | Date;
}

const linkAssignees = (unit: Unit, { id: taskId, createdAt }: Linked, userIds: readonly string[]): Promise<void> =>
  unit.insert(
    TaskAssigneeEntity,
    ...userIds.map((userId, position) => ({ ...unit.owner, taskId, userId, position, createdAt })),
  );

const linkTags = (unit: Unit, { id: taskId, createdAt }: Linked, tagIds: readonly string[]): Promise<void> =>
  unit.insert(TaskTagEntity, ...tagIds.map((tagId) => ({ ...unit.owner, taskId, tagId, createdAt })));

const parentOf = statement((db, { id }: { id: string }) =>
  db.selectFrom('tasks').select('tasks.parent_id as parentId').where('tasks.id', '=', id),
);

/**
 * Walks up from the new parent. The caller must have locked the organization: of two moves that would close a circle together, one
 * then sees the other.
 * @throws `parent_cycle` when the new parent is the task itself or one of its subtasks
 */
async function refuseCycle(unit: Unit, taskId: string, parentId: string): Promise<void> {
  for (let at: string | null = parentId; at !== null;) {
    if (at === taskId) throw workErrors.parent_cycle({ field: ['parentId'] });
    const [above]: { parentId: string | null }[] = await unit.invisible.run(parentOf, { id: at });
    at = above?.parentId ?? null;
  }
}

/**
 * Changes the fields that are given; null clears. Links count as fields. The version rises once, or not at all when nothing
 * differs.
 * @throws `task_not_found`, `version_conflict`, `permission_denied`, `assignee_not_found`, `tag_not_found`,
 * `parent_not_found`, `parent_cycle`, `team_not_found`
 */
export async function updateTask(ctx: ServiceContext, { id, ...fields }: TaskUpdate): Promise<Task> {
  requirePermission(ctx, 'task:update');
  return mutate(ctx, async (unit) => {
    if (fields.parentId) {
      // From the top down, as deleting a tree locks, so that the two do not wait for each other.
      await lockOrganization(unit);
      await tasks.lockMany(unit, { id: fields.parentId });
    }
    const { task, nameAll } = await lockTask(unit, id, (found) => {
      const { assigneeIds = found.assigneeIds, teamId = found.teamId } = fields;
      authorize(ctx, 'task:update', taskSubject(found, found.assigneeIds));
      // Nobody moves a task out of their own reach. The old priority decides whether it may be changed at this hour.
      authorize(ctx, 'task:update', taskSubject({ ...found, teamId }, assigneeIds));
    });
    const newLinks = await changeLinks(unit, fields, task, await nameAll());
    if (fields.parentId) await refuseCycle(unit, id, fields.parentId);
    const completedAt = completion(task, fields.status, unit.now);
    const changed = { ...fields, tagIds: fields.tagIds?.toSorted(), completedAt };
    const { after, changes } = await tasks.change(unit, task, changed, { later: true });
    await Promise.all([replaceLinks(unit, after, changes), replaceWords(unit, after, changes)]);
    return assembleTask(after, newLinks);
  });
}

/** The links as they will be, checked to exist (D5). */
async function changeLinks(
  unit: Unit,
  fields: Omit<TaskUpdate, 'id'>,
  task: LockedTask,
  links: TaskLinks,
): Promise<TaskLinks> {
  const { assigneeIds, tagIds, parentId = null, teamId = null } = fields;
  if (!assigneeIds && !tagIds && !parentId && !teamId) return links;
  const references = await resolveReferences(unit, {
    // Current assignees may stay, even when their membership has ended since.
    assigneeIds: (assigneeIds ?? []).filter((userId) => !task.assigneeIds.includes(userId)),
    tagIds: tagIds ?? [],
    parentId,
    teamId,
    personIds: [],
  });
  return {
    people: new Map([...links.people, ...references.people]),
    assigneeIds: assigneeIds ? new Map([[task.id, assigneeIds]]) : links.assigneeIds,
    tags: tagIds ? new Map([[task.id, references.tags]]) : links.tags,
  };
}

/** Completing sets completedAt, reopening clears it, archiving keeps it. */
function completion(task: LockedTask, status: TaskStatus | undefined, now: Date): string | null | undefined {
  if (status === undefined || status === task.status || status === 'archived') return undefined;
  return status === 'done' ? now.toISOString() : null;
}

/** Keeps the search words in line with the texts. */
async function replaceWords(unit: Unit, task: LockedTask, changes: Changes): Promise<void> {
  if (!changes['title'] && !changes['description']) return;
  const { title, body } = searchRow(unit, task);
  await unit.update(TaskSearchEntity, { taskId: task.id }, { title, body });
}

async function replaceLinks(unit: Unit, task: LockedTask, changes: Changes): Promise<void> {
  if (changes['assigneeIds']) {
    await unit.delete(TaskAssigneeEntity, { taskId: task.id });
    await linkAssignees(unit, task, task.assigneeIds);
  }
  if (changes['tagIds']) {
    await unit.delete(TaskTagEntity, { taskId: task.id });
    await linkTags(unit, task, task.tagIds);
  }
}
