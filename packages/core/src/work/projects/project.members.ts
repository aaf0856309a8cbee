import { sql } from 'kysely';
import { z } from 'zod';
import { authorize, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { read } from '../../database/read-door.ts';
import { statementFamily } from '../../database/statement.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { type Job, type JobHandlers, startJob, stepRows } from '../../jobs/index.ts';
import type { Page } from '../../kernel/schemas.ts';
import { lockOrganization, requireMember } from '../../tenancy/index.ts';
import { linkIdsOf, TaskAssigneeEntity, tasks } from '../tasks/index.ts';
import { workErrors } from '../work.errors.ts';
import { TaskWatcherEntity } from '../watchers/watcher.entity.ts';
import { projectMembers, projects } from './project.record.ts';
import type { ProjectMember, ProjectMemberListInput, ProjectMemberPath } from './project.schema.ts';
import { checkUpdate } from './project.service.ts';

/**
 * Lists the members of a project, the last added first.
 * @throws `project_not_found`
 */
export async function listProjectMembers(
  ctx: ServiceContext,
  input: ProjectMemberListInput,
): Promise<Page<ProjectMember>> {
  authorize(ctx, 'project:read');
  const { projectId } = input;
  return read(ctx, async (db) => {
    await projects.get(db, projectId);
    const query = projectMembers.from(db).where('project_members.project_id', '=', projectId);
    return projectMembers.page(ctx, db, input, query, `members of project ${projectId}`);
  });
}

/**
 * Adds a member of the organization to a project. Somebody who is in it already stays. The project's version stays the same.
 * @throws `permission_denied`, `project_not_found`, `member_not_found`
 */
export async function addProjectMember(
  ctx: ServiceContext,
  { projectId, userId }: ProjectMemberPath,
): Promise<ProjectMember> {
  requirePermission(ctx, 'project:update');
  return mutate(ctx, async (unit) => {
    // A membership that ends at the same time must find this row to remove it.
    await lockOrganization(unit);
    checkUpdate(ctx)(await projects.refer(unit, projectId));
    await requireMember(unit, userId, 'userId');
    const [known] = await projectMembers.lockMany(unit, { projectId, userId });
    return projectMembers.answer(unit.db, known ?? (await projectMembers.add(unit, { projectId, userId })));
  });
}

type Links = 'task_assignees' | 'task_watchers';

interface Linked extends Readonly<Record<string, unknown>> {
  projectId: string;
  userId: string;
  limit: number;
}

const tasksLinkedBy = statementFamily<Links, Linked, { id: string }>(
  (db, { projectId, userId, limit }, _dialect, links) =>
    db
      .selectFrom(links)
      .innerJoin('tasks', 'tasks.id', `${links}.task_id`)
      .select('tasks.id')
      .where(`${links}.user_id`, '=', userId)
      .where('tasks.project_id', '=', projectId)
      .orderBy(`${links}.task_id`)
      .limit(sql<number>`${limit}`),
);

/** The ids of some tasks of a project that a person is assigned to or watches, whether the caller sees them or not. */
async function tasksOfPerson(
  { invisible }: Unit,
  links: Links,
  projectId: string,
  userId: string,
  limit = stepRows,
): Promise<string[]> {
  return (await invisible.run(tasksLinkedBy(links), { projectId, userId, limit })).map(({ id }) => id);
}

/** Removes a person from the watchers of some tasks of a project. Answers of how many, or null when none was left. */
async function unwatchSome(unit: Unit, projectId: string, userId: string): Promise<number | null> {
  const taskId = await tasksOfPerson(unit, 'task_watchers', projectId, userId);
  return taskId.length === 0 ? null : unit.delete(TaskWatcherEntity, { userId, taskId });
}

/**
 * Unassigns a person from some tasks of a project, in the trash or not. When they are assigned to none, they stop watching some. Answers
 * how many, or null when none was left.
 */
async function unassignSome(unit: Unit, projectId: string, userId: string): Promise<number | null> {
  const ids = await tasksOfPerson(unit, 'task_assignees', projectId, userId);
  if (ids.length === 0) return unwatchSome(unit, projectId, userId);
  const locked = await tasks.lockMany(unit, { id: ids }, { trash: true, invisible: true });
  const { assigneeIds } = await linkIdsOf(unit.invisible, locked);
  const theirs = locked
    .map((task) => ({ ...task, assigneeIds: assigneeIds.get(task.id) ?? [] }))
    .filter((task) => task.projectId === projectId && task.assigneeIds.includes(userId));
  await unit.delete(TaskAssigneeEntity, { userId, taskId: theirs.map(({ id }) => id) });
  await tasks.changeMany(unit, theirs, (task) => ({ assigneeIds: task.assigneeIds.filter((id) => id !== userId) }));
  return theirs.length;
}

/**
 * Removes a member from a project, and from the assignees and the watchers of its tasks. If they lead the project, it has no lead any
 * more. Of more than 500 tasks it changes none yet, and starts a job.
 * @throws `permission_denied`, `project_not_found`, `member_not_found`
 */
export async function removeProjectMember(
  ctx: ServiceContext,
  { projectId, userId }: ProjectMemberPath,
): Promise<Job | void> {
  requirePermission(ctx, 'project:update');
  return mutate(ctx, async (unit): Promise<Job | void> => {
    const [project] = await projects.lockMany(unit, { id: projectId });
    if (!project) throw workErrors.project_not_found();
    checkUpdate(ctx)(project);
    await projectMembers.remove(unit, await projectMembers.lock(unit, { projectId, userId }));
    if (project.leadId === userId) await projects.change(unit, project, { leadId: null });
    const limit = stepRows + 1;
    const assigned = await tasksOfPerson(unit, 'task_assignees', projectId, userId, limit);
    const watched = await tasksOfPerson(unit, 'task_watchers', projectId, userId, limit);
    if (assigned.length + watched.length > stepRows)
      return startJob(unit, 'projectMembers.remove', { projectId, userId });
    while ((await unassignSome(unit, projectId, userId)) !== null);
  });
}

/** Removes a departing member from all projects, also as a lead. The caller must have locked the organization row. */
export async function leaveProjects(unit: Unit, userId: string): Promise<void> {
  const how = { invisible: true };
  await projectMembers.removeMany(unit, await projectMembers.lockMany(unit, { userId }, how));
  const led = await projects.lockMany(unit, { leadId: userId }, { trash: true, ...how });
  await projects.changeMany(unit, led, { leadId: null });
}

const RemoveJob = z.object({ projectId: z.string(), userId: z.string() });

export const memberHandlers: JobHandlers = {
  'projectMembers.remove': async (_ctx, payload, job) => {
    const { projectId, userId } = RemoveJob.parse(payload);
    return { unassigned: await job.steps((unit) => unassignSome(unit, projectId, userId)) };
  },
};
