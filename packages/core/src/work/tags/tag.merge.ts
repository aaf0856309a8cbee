import { z } from 'zod';
import { authorize } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { anyOf } from '../../database/sql.ts';
import { statement } from '../../database/statement.ts';
import { mutate, type Unit } from '../../database/unit-of-work.ts';
import { type Job, type JobHandlers, type JobPayload, type JobRun, startJob, stepRows } from '../../jobs/index.ts';
import { jobPrincipal } from '../../tenancy/index.ts';
import { TaskTagEntity } from '../tasks/index.ts';
import { workErrors } from '../work.errors.ts';
import { tagEvents } from './tag.events.ts';
import { tags } from './tag.record.ts';
import type { Tag, TagMerge } from './tag.schema.ts';

const linksOf = statement((db, { tagId, limit }: { tagId: string; limit: number }) =>
  db
    .selectFrom('task_tags')
    .select(['task_tags.task_id as taskId', 'task_tags.created_at as createdAt'])
    .where('task_tags.tag_id', '=', tagId)
    .orderBy('task_tags.created_at')
    .limit(limit),
);

interface Tagged extends Readonly<Record<string, unknown>> {
  tagId: string;
  taskIds: readonly string[];
}

const taggedAmong = statement((db, { tagId, taskIds }: Tagged, dialect) =>
  db
    .selectFrom('task_tags')
    .select('task_tags.task_id as taskId')
    .where('task_tags.tag_id', '=', tagId)
    .where(anyOf(dialect, 'task_tags.task_id', taskIds)),
);

/** Locks both tags, so that no task gets one of them meanwhile. */
async function lockBoth(unit: Unit, { id, intoId }: TagMerge) {
  const locked = await tags.lockMany(unit, { id: [id, intoId] });
  const [from, into] = [id, intoId].map((one) => locked.find((tag) => tag.id === one));
  return { from, into };
}

const intoMissing = () => workErrors.tag_not_found({ field: ['intoId'] });

type Link = Awaited<ReturnType<typeof readLinks>>[number];

const readLinks = ({ invisible }: Unit, tagId: string, limit: number) => invisible.run(linksOf, { tagId, limit });

/** Gives the tasks of some links the other tag, unless they have it. Their versions stay the same. */
async function moveLinks(unit: Unit, { id, intoId }: TagMerge, links: readonly Link[]): Promise<void> {
  const taskIds = links.map(({ taskId }) => taskId);
  const both = new Set((await unit.invisible.run(taggedAmong, { tagId: intoId, taskIds })).map(({ taskId }) => taskId));
  const missing = links.filter(({ taskId }) => !both.has(taskId));
  await unit.delete(TaskTagEntity, { tagId: id, taskId: taskIds });
  await unit.insert(TaskTagEntity, ...missing.map((link) => ({ ...unit.owner, ...link, tagId: intoId })));
}

/**
 * Gives the tasks of a tag another one instead, and deletes the tag for ever. The versions of the tasks stay the same. When more than 500
 * tasks have it, nothing changes yet, and a job starts.
 * @throws `tag_not_found`, `version_conflict`, `tag_merged_into_itself`
 */
export async function mergeTag(ctx: ServiceContext, input: TagMerge): Promise<Tag | Job> {
  authorize(ctx, 'tag:update');
  authorize(ctx, 'tag:delete');
  const { id, intoId } = input;
  return mutate(ctx, async (unit): Promise<Tag | Job> => {
    const { from, into } = await lockBoth(unit, input);
    if (!from) throw workErrors.tag_not_found();
    unit.checkVersion(from);
    if (!into) throw intoMissing();
    if (id === intoId) throw workErrors.tag_merged_into_itself({ field: ['intoId'] });
    const links = await readLinks(unit, id, stepRows + 1);
    if (links.length > stepRows) return startJob(unit, 'tags.merge', { id, intoId });
    await moveLinks(unit, input, links);
    await tags.remove(unit, from, { event: tagEvents.merged, data: { intoId } });
    return tags.answer(unit.db, into);
  });
}

const MergeJob = z.object({ id: z.string(), intoId: z.string() });

/** Moves the links step by step, and deletes the tag with the last of them. */
async function mergeRest(ctx: ServiceContext, payload: JobPayload, job: JobRun): Promise<{ tasks: number }> {
  const merge = MergeJob.parse(payload);
  const { id, intoId } = merge;

  async function step(unit: Unit): Promise<number | null> {
    const acting = { principal: unit.ctx.principal, clock: { now: () => job.starter?.at ?? unit.now } };
    authorize(acting, 'tag:update');
    authorize(acting, 'tag:delete');
    const { from, into } = await lockBoth(unit, merge);
    if (!from) return null;
    if (!into) throw intoMissing();
    const links = await readLinks(unit, id, stepRows);
    await moveLinks(unit, merge, links);
    if (links.length < stepRows) await tags.remove(unit, from, { event: tagEvents.merged, data: { intoId } });
    return links.length;
  }

  return { tasks: await job.steps(step, { principal: () => jobPrincipal(ctx, job) }) };
}

export const tagHandlers: JobHandlers = { 'tags.merge': mergeRest };
