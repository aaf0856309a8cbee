import { sql } from 'kysely';
import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import type { ReadDoor } from '../../database/read-door.ts';
import { countAll } from '../../database/sql.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { unfinished } from '../../files/index.ts';
import { type JobHandlers, type JobRun, type Schedule, sweepFolder } from '../../jobs/index.ts';
import { isUuid, nilId } from '../../kernel/ids.ts';
import type { Logger } from '../../kernel/logger.ts';
import { expiredKeys } from '../trash.ts';
import { attachmentEvents } from './attachment.events.ts';
import { attachmentKey, attachmentsFolder } from './attachment.record.ts';

/** Deletes the rows of attachments that have been in the trash for 30 days, in every organization, and their files after that. */
async function purge(ctx: ServiceContext, job: JobRun): Promise<{ removed: number }> {
  const keys: string[] = [];
  const removed = await job.steps(async (unit) => {
    const rows = await purgeSome(unit);
    unit.afterCommit(() => keys.push(...rows.map(attachmentKey)));
    return rows.length || null;
  });
  for (const key of keys) await ctx.files.delete(key);
  return { removed };
}

async function purgeSome(unit: Unit) {
  const { db } = unit;
  const rows = await db
    .deleteFrom('attachments')
    .where((of) =>
      of(of.refTuple('attachments.organization_id', 'attachments.id'), 'in', expiredKeys(unit, 'attachments')),
    )
    .returning(['id', 'organization_id as organizationId', 'version', 'size'])
    .execute();
  for (const [organizationId, own] of Map.groupBy(rows, (row) => row.organizationId))
    await db
      .updateTable('attachment_totals')
      .set({ bytes: sql<number>`bytes - ${own.reduce((sum, { size }) => sum + size, 0)}` })
      .where('organization_id', '=', organizationId)
      .execute();
  const events = rows.map(({ id, organizationId, version }) =>
    attachmentEvents.purged.about(id, { data: { version }, organizationId, actorId: null }),
  );
  await recordEvents(unit, ...events);
  return rows;
}

/** Rows that are looked at together. */
const chunk = 500;

/** The ids in a key. Null for a file that is none of ours. */
function idsIn(key: string): { organizationId: string; id: string } | null {
  const [, organizationId = '', id = '', ...rest] = key.split('/');
  return rest.length === 0 && isUuid(organizationId) && isUuid(id) ? { organizationId, id } : null;
}

/** Names the attachments that have no file. It asks the store for each, so it is called only when some are known to be missing. */
async function findMissing(ctx: ServiceContext, job: JobRun, before: string): Promise<string[]> {
  const missing: string[] = [];
  for (let after: { organizationId: string; id: string } | undefined; ;) {
    job.signal.throwIfAborted();
    const rows = await job.read((db) => {
      const next = db
        .selectFrom('attachments')
        .select(['organization_id as organizationId', 'id', 'created_at as createdAt'])
        .orderBy('organization_id')
        .orderBy('id')
        .limit(chunk);
      if (!after) return next.execute();
      const { organizationId, id } = after;
      return next
        .where((of) =>
          of.or([
            of('organization_id', '>', organizationId),
            of.and([of('organization_id', '=', organizationId), of('id', '>', id)]),
          ]),
        )
        .execute();
    });
    for (const row of rows) {
      const isGone = row.createdAt < before && (await ctx.files.writtenAt(attachmentKey(row))) === null;
      if (isGone) missing.push(row.id);
    }
    after = rows.at(-1);
    if (!after) return missing;
  }
}

/** Counts the bytes of each organization again, because rows also go with their tasks and comments. */
async function recount(job: JobRun): Promise<void> {
  let after = nilId;
  await job.steps(async ({ db }) => {
    // Locked first, so that the sum contains whatever was committed before.
    const next = db
      .selectFrom('attachment_totals')
      .select(['organization_id as organizationId', 'bytes'])
      .where('organization_id', '>', after)
      .orderBy('organization_id')
      .limit(1);
    const total = await (db.dialect === 'postgresql' ? next.forUpdate() : next).executeTakeFirst();
    if (!total) return null;
    const { organizationId } = total;
    after = organizationId;
    const { bytes } = await db
      .selectFrom('attachments')
      .select(sql<number>`coalesce(sum(size), 0)`.as('bytes'))
      .where('organization_id', '=', organizationId)
      .executeTakeFirstOrThrow();
    if (bytes === total.bytes) return 0;
    await db.updateTable('attachment_totals').set({ bytes }).where('organization_id', '=', organizationId).execute();
    return 1;
  });
}

/**
 * Compares files and rows. Deletes the files that have had no row for a day: of uploads that were interrupted, and of rows that went
 * with their task, comment or organization. Logs the attachments whose files are gone.
 */
async function sweep(ctx: ServiceContext, job: JobRun, logger: Logger): Promise<{ orphans: number; missing: number }> {
  const began = ctx.clock.now().toISOString();
  let found = 0;
  const named = async (db: ReadDoor, keys: readonly string[]) => {
    const kept = new Set(keys.filter((key) => idsIn(key) === null));
    const ids = keys.flatMap((key) => idsIn(key) ?? []);
    for (const [organizationId, own] of Map.groupBy(ids, (one) => one.organizationId)) {
      const rows = await db
        .selectFrom('attachments')
        .select(['organization_id as organizationId', 'id', 'created_at as createdAt'])
        .where('organization_id', '=', organizationId)
        .where(
          'id',
          'in',
          own.map(({ id }) => id),
        )
        .execute();
      found += rows.filter(({ createdAt }) => createdAt < began).length;
      for (const row of rows) kept.add(attachmentKey(row));
    }
    return kept;
  };
  const drafts = await sweepFolder(ctx, job, unfinished, async () => new Set());
  const orphans = drafts + (await sweepFolder(ctx, job, attachmentsFolder, named));
  const rows = await job.read((db) =>
    db
      .selectFrom('attachments')
      .select(countAll().as('count'))
      .where(sql<boolean>`created_at < ${new Date(began)}`)
      .executeTakeFirstOrThrow(),
  );
  const missing = rows.count > found ? await findMissing(ctx, job, began) : [];
  if (missing.length > 0)
    logger.error({ attachments: missing.slice(0, 100), count: missing.length }, 'files are missing');
  await recount(job);
  return { orphans, missing: missing.length };
}

export const attachmentHandlers = (logger: Logger): JobHandlers => ({
  'attachments.purge': (ctx, _payload, job) => purge(ctx, job),
  'attachments.sweep': (ctx, _payload, job) => sweep(ctx, job, logger),
});

export const attachmentSchedules: readonly Schedule[] = [
  { name: 'attachments.purge', cron: '20 * * * *', kind: 'attachments.purge' },
  { name: 'attachments.sweep', cron: '20 3 * * *', kind: 'attachments.sweep' },
];
