import { sql } from 'kysely';
import { z } from 'zod';
import { authorize, requirePermission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { Row } from '../../database/schema.ts';
import { statementFamily } from '../../database/statement.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import {
  cancelJob,
  type Job,
  type JobHandlers,
  type JobPayload,
  type JobRun,
  startJob,
  stepRows,
} from '../../jobs/index.ts';
import { nilId, uuidv7 } from '../../kernel/ids.ts';
import {
  countTrashedTogether,
  projectCounter,
  releaseQuota,
  requireQuota,
  takeQuota,
  taskEvents,
  tasks,
  trashedTogether,
} from '../tasks/index.ts';
import { keptSince } from '../trash.ts';
import { workErrors } from '../work.errors.ts';
import type { ProjectEntity } from './project.entity.ts';
import { projectEvents } from './project.events.ts';
import { projects } from './project.record.ts';
import type { Project, ProjectById, ProjectDelete } from './project.schema.ts';

/** Which tasks of a project: all, the living ones, or those that no task is below. */
type Part = 'all' | 'living' | 'leaves';

interface Values extends Readonly<Record<string, unknown>> {
  projectId: string;
  limit: number;
}

const taskIds = statementFamily<Part, Values, { id: string }>((db, { projectId, limit }, _dialect, part) => {
  const some = db.selectFrom('tasks').select('tasks.id').where('tasks.project_id', '=', projectId);
  const those: Record<Part, () => typeof some> = {
    all: () => some,
    living: () => some.where('tasks.deleted_at', 'is', null),
    leaves: () =>
      some.where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('tasks as child')
              .select('child.id')
              .whereRef('child.organization_id', '=', 'tasks.organization_id')
              .whereRef('child.parent_id', '=', 'tasks.id'),
          ),
        ),
      ),
  };
  return those[part]().limit(sql<number>`${limit}`);
});

/** The ids of some tasks of a project, whether the caller sees them or not. */
async function tasksIn(unit: Unit, part: Part, projectId: string, limit: number): Promise<string[]> {
  return (await unit.invisible.run(taskIds(part), { projectId, limit })).map(({ id }) => id);
}

const checkDelete = (ctx: ServiceContext) => (row: Row<typeof ProjectEntity>) =>
  authorize(ctx, 'project:delete', projects.subject(row));

/** What the job is found by that moves the rest of a project to the trash. */
const trashKey = (trashId: string): string => `projects.delete ${trashId}`;

interface Trashed {
  deletedAt: string;
  trashId: string;
}

/** Moves some living tasks of a project to the trash. Answers how many, or null when none was left. */
async function trashSome(unit: Unit, projectId: string, trashed: Trashed): Promise<number | null> {
  const ids = await tasksIn(unit, 'living', projectId, stepRows);
  if (ids.length === 0) return null;
  const rows = await tasks.lockMany(unit, { id: ids, projectId }, { invisible: true });
  const data = { trashId: trashed.trashId, permanent: false };
  await tasks.changeMany(unit, rows, trashed, { event: taskEvents.deleted, data });
  await releaseQuota(unit, rows.length);
  return rows.length;
}

/** Deletes some tasks of a project for ever, from the leaves up. Answers how many, or null when none was left. */
async function removeSome(unit: Unit, projectId: string): Promise<number | null> {
  const ids = await tasksIn(unit, 'leaves', projectId, stepRows);
  if (ids.length === 0) return null;
  const rows = await tasks.lockMany(unit, { id: ids, projectId }, { trash: true, invisible: true });
  await tasks.removeMany(unit, rows, { data: { permanent: true } });
  await releaseQuota(unit, rows.filter(({ deletedAt }) => deletedAt === null).length);
  return rows.length;
}

/** Deletes a project for ever that has no tasks any more. Its keys, members and role assignments go with it. */
async function removeProject(unit: Unit, project: Row<typeof ProjectEntity>): Promise<void> {
  await projects.remove(unit, project, { data: { permanent: true } });
  await unit.db.deleteFrom('counters').where('name', '=', projectCounter(project.id)).execute();
}

/**
 * Moves a project and its tasks to the trash under one trash id. With `permanent` it deletes them for ever, in the trash or not. Of
 * more than 500 tasks it moves or deletes none yet, and starts a job. The project itself is in the trash at once.
 * @throws `permission_denied`, `project_not_found`, `version_conflict`
 */
export async function deleteProject(ctx: ServiceContext, { id, permanent }: ProjectDelete): Promise<Job | void> {
  requirePermission(ctx, 'project:delete');
  return mutate(ctx, async (unit): Promise<Job | void> => {
    const project = await projects.lock(unit, id, { trash: permanent, check: checkDelete(ctx) });
    const some = await tasksIn(unit, permanent ? 'all' : 'living', id, stepRows + 1);
    const isLong = some.length > stepRows;
    if (permanent) {
      if (isLong) return startJob(unit, 'projects.delete', { id });
      while ((await removeSome(unit, id)) !== null);
      return removeProject(unit, project);
    }
    const trashed = { deletedAt: unit.now.toISOString(), trashId: uuidv7() };
    const { trashId } = trashed;
    await projects.change(unit, project, trashed, { event: projectEvents.deleted, data: { trashId, permanent } });
    if (isLong) return startJob(unit, 'projects.delete', { id, ...trashed }, { uniqueKey: trashKey(trashId) });
    await trashSome(unit, id, trashed);
  });
}

/** Brings back some tasks that were trashed together. Answers how many, or null when none was left. */
async function restoreSome(unit: Unit, trashId: string): Promise<number | null> {
  const ids = await trashedTogether(unit.invisible, { trashId, after: nilId, limit: stepRows });
  if (ids.length === 0) return null;
  const rows = await tasks.lockMany(unit, { id: ids, trashId }, { trash: true, invisible: true });
  await tasks.changeMany(unit, rows, { deletedAt: null, trashId: null }, { event: taskEvents.restored });
  await takeQuota(unit, rows.length);
  return rows.length;
}

/**
 * Brings back a project, and the tasks that were trashed with it. Of more than 500 tasks it brings back none yet, and starts a job. A
 * job that was still moving them to the trash is cancelled.
 * @throws `permission_denied`, `project_not_found` after 30 days, `project_not_deleted`, `version_conflict`, `limit_exceeded`
 */
export async function restoreProject(ctx: ServiceContext, { id }: ProjectById): Promise<Project | Job> {
  requirePermission(ctx, 'project:delete');
  return mutate(ctx, async (unit): Promise<Project | Job> => {
    const since = keptSince(unit.now).toISOString();
    const check = (row: Row<typeof ProjectEntity>) => {
      if (row.deletedAt && row.deletedAt <= since) throw workErrors.project_not_found();
      checkDelete(ctx)(row);
    };
    const project = await projects.lock(unit, id, { trash: true, check });
    const { deletedAt, trashId } = project;
    if (!deletedAt || !trashId) throw workErrors.project_not_deleted();
    await cancelJob(unit, trashKey(trashId));
    const together = await trashedTogether(unit.invisible, { trashId, after: nilId, limit: stepRows + 1 });
    const isLong = together.length > stepRows;
    if (isLong) await requireQuota(unit, (await countTrashedTogether(unit.invisible, trashId)) ?? together.length);
    const restored = { deletedAt: null, trashId: null };
    const { after } = await projects.change(unit, project, restored, { event: projectEvents.restored });
    if (isLong) return startJob(unit, 'projects.restore', { trashId });
    await restoreSome(unit, trashId);
    return projects.answer(unit.db, after);
  });
}

const TrashJob = z.object({ id: z.string(), deletedAt: z.string(), trashId: z.string() });
const RemoveJob = z.object({ id: z.string() });
const RestoreJob = z.object({ trashId: z.string() });

async function removeRest(payload: JobPayload, job: JobRun): Promise<{ deleted: number }> {
  const { id } = RemoveJob.parse(payload);
  const step = async (unit: Unit) => {
    const removed = await removeSome(unit, id);
    if (removed !== null) return removed;
    // Another attempt may have removed it already.
    const [project] = await projects.lockMany(unit, { id }, { trash: true });
    if (project) await removeProject(unit, project);
    return null;
  };
  return { deleted: await job.steps(step) };
}

/** What goes on with projects of more than 500 tasks. Whoever started it was allowed to do it to the project as a whole. */
export const projectTrashHandlers: JobHandlers = {
  'projects.delete': async (_ctx, payload, job) => {
    if (!('trashId' in payload)) return removeRest(payload, job);
    const { id, ...trashed } = TrashJob.parse(payload);
    return { deleted: await job.steps((unit) => trashSome(unit, id, trashed)) };
  },
  'projects.restore': async (_ctx, payload, job) => {
    const { trashId } = RestoreJob.parse(payload);
    return { restored: await job.steps((unit) => restoreSome(unit, trashId)) };
  },
};
