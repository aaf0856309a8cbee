import { sql } from 'kysely';
import { z } from 'zod';
import type { ServiceContext } from '../database/context.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { anyOf } from '../database/sql.ts';
import { statement } from '../database/statement.ts';
import { mutate, type Unit } from '../database/unit-of-work.ts';
import { mailJob } from '../identity/index.ts';
import { enqueue, type JobPayload, type JobRun, stepRows } from '../jobs/index.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { Principal } from '../kernel/principal.ts';
import { holdersOf, inviteeOf, memberPrincipal } from '../tenancy/index.ts';
import { readTaskRefs, visibleComments } from '../work/index.ts';
import { mailAt } from './delivery.ts';
import { type News, newsOf, watchersOf } from './news.ts';
import { dueTypes } from './notification.types.ts';
import { readPreferences } from './preferences.ts';
import { readPerson, recipient } from './recipient.ts';
import { announceTold } from './told.ts';

/** The payload of the job: events, or due tasks. */
const TellJob = z.object({
  events: z.array(z.string()).default([]),
  due: z.array(z.object({ taskId: z.string(), type: z.enum(dueTypes), dueDate: z.string() })).default([]),
});
type Telling = z.output<typeof TellJob>;
type Due = Telling['due'];

interface Ids extends Readonly<Record<string, unknown>> {
  ids: readonly string[];
}

const openTasks = statement((db, { ids }: Ids, dialect) =>
  db
    .selectFrom('tasks')
    .select(['tasks.id', 'tasks.due_date as dueDate'])
    .where(anyOf(dialect, 'tasks.id', ids))
    .where('tasks.deleted_at', 'is', null)
    .where('tasks.status', 'not in', ['done', 'archived']),
);

/** Reads what is still due. A task may have been finished or postponed meanwhile. */
async function dueNews(db: ReadDoor, organizationId: string, due: Due): Promise<News[]> {
  const ids = due.map(({ taskId }) => taskId);
  if (ids.length === 0) return [];
  const [rows, watchers] = await Promise.all([db.run(openTasks, { ids }), watchersOf(db, organizationId, ids)]);
  const dueDates = new Map(rows.map(({ id, dueDate }) => [id, dueDate]));
  return due
    .filter(({ taskId, dueDate }) => dueDates.get(taskId) === dueDate)
    .map(({ taskId, type, dueDate }) => ({
      id: null,
      newsKey: `${type} ${taskId} ${dueDate}`,
      type,
      userIds: watchers.get(taskId)?.watching ?? [],
      actorId: null,
      entity: { type: 'task', id: taskId },
      taskId,
      commentId: null,
      details: { dueDate },
    }));
}

/** Reads the news that a webhook was disabled, for the member it acted as and for those who manage webhooks. */
async function webhookNews(
  ctx: ServiceContext,
  db: ReadDoor,
  disabled: Awaited<ReturnType<typeof newsOf>>['disabledWebhooks'],
): Promise<News[]> {
  if (disabled.length === 0) return [];
  const managers = await holdersOf(ctx, db, 'webhook:update');
  return disabled.map(({ id, actorId, entityType, entityId, payload }) => {
    const { host, runsAsId, disabledReason } = payload?.data ?? {};
    const userIds = new Set([...managers, ...(typeof runsAsId === 'string' ? [runsAsId] : [])]);
    return {
      id,
      newsKey: id,
      type: 'webhook.disabled',
      userIds: [...userIds].filter((userId) => userId !== actorId),
      actorId,
      entity: { type: entityType, id: entityId },
      taskId: null,
      commentId: null,
      details: { host, disabledReason },
    };
  });
}

/** Reads the news of a job, and the people that they concern. */
async function readNews(ctx: ServiceContext, { events, due }: Telling, organizationId: string): Promise<News[]> {
  const scope = { door: 'request', principal: null, organizationId, userId: null } as const;
  const { news, invitations } = await ctx.database.read(scope, async (db) => {
    const found = await newsOf(db, organizationId, events);
    const webhooks = await webhookNews(ctx, db, found.disabledWebhooks);
    return { ...found, news: [...found.news, ...(await dueNews(db, organizationId, due)), ...webhooks] };
  });
  for (const { id, actorId, entityType, entityId } of invitations) {
    const userId = await inviteeOf(ctx.database, entityId);
    if (userId === null) continue;
    const entity = { type: entityType, id: entityId };
    const about = { actorId, entity, taskId: null, commentId: null, details: {} };
    news.push({ id, type: 'invitation.received', newsKey: id, userIds: [userId], ...about });
  }
  return news;
}

/** Makes the rows of one person for the news that they see now and want. */
async function rowsFor(ctx: ServiceContext, principal: Principal, news: readonly News[], organizationId: string) {
  return read({ ...ctx, principal }, async (db) => {
    const person = await readPerson(db);
    if (!person) return [];
    const { channels, ...times } = await readPreferences(db);
    const tasks = await readTaskRefs(db, [...new Set(news.flatMap(({ taskId }) => taskId ?? []))]);
    const comments = await visibleComments(db, [...new Set(news.flatMap(({ commentId }) => commentId ?? []))]);
    const now = ctx.clock.now();
    return news.flatMap(({ id, userIds: _all, entity, taskId, commentId, ...about }) => {
      if (taskId !== null && !tasks.has(taskId)) return [];
      if (commentId !== null && !comments.has(commentId)) return [];
      const { inApp, email } = channels[about.type];
      const mail = person.emailVerifiedAt === null ? 'off' : email;
      if (!inApp && mail === 'off') return [];
      const at = mailAt(mail, now, { ...times, timezone: person.timezone });
      const isNow = at !== null && at <= now;
      return [
        {
          id: id ?? uuidv7(),
          userId: principal.userId,
          organizationId,
          ...about,
          entityType: entity.type,
          entityId: entity.id,
          taskId,
          commentId,
          inApp,
          /** A mail that is sent at once needs no due time. */
          mailAt: isNow ? null : at,
          isNow,
        },
      ];
    });
  });
}

type NewRows = Awaited<ReturnType<typeof rowsFor>>;

/** Adds the notifications of one person that do not exist yet. Answers their ids. */
async function addRows({ db, now }: Unit, rows: NewRows): Promise<ReadonlySet<string>> {
  const added = await db
    .insertInto('notifications')
    .values(
      rows.map((row) => ({
        user_id: row.userId,
        id: row.id,
        organization_id: row.organizationId,
        type: row.type,
        news_key: row.newsKey,
        actor_id: row.actorId,
        entity_type: row.entityType,
        entity_id: row.entityId,
        task_id: row.taskId,
        comment_id: row.commentId,
        details: sql<Record<string, unknown>>`${JSON.stringify(row.details)}`,
        in_app: row.inApp,
        mail_at: row.mailAt,
        read_at: null,
        delivered_at: null,
        created_at: now,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .execute();
  return new Set(added.map(({ id }) => id));
}

/** Notifies people of the news that they see now and want. Answers the number of notifications. */
async function tellSome(
  ctx: ServiceContext,
  telling: Telling,
  organizationId: string,
  signal: AbortSignal,
): Promise<number> {
  const news = await readNews(ctx, telling, organizationId);
  let told = 0;
  for (const userId of new Set(news.flatMap(({ userIds }) => userIds))) {
    signal.throwIfAborted();
    const member = await memberPrincipal(ctx, { userId, organizationId });
    // An invited person is not a member yet. All other news go only to members.
    const theirs = news.filter(
      ({ userIds, type }) => userIds.includes(userId) && (member !== null || type === 'invitation.received'),
    );
    const principal = member ?? recipient(userId, organizationId);
    const rows = await rowsFor(ctx, principal, theirs, organizationId);
    if (rows.length === 0) continue;
    told += await mutate({ ...ctx, principal }, async (unit) => {
      const added = await addRows(unit, rows);
      const shown = rows.filter(({ id, inApp }) => inApp && added.has(id)).map(({ id }) => id);
      if (shown.length > 0) await announceTold(unit, { userId, ids: shown });
      const ids = rows.filter(({ id, isNow }) => isNow && added.has(id)).map(({ id }) => id);
      if (ids.length > 0) await enqueue(unit, mailJob, { template: 'notifications', userId, ids });
      return added.size;
    });
  }
  return told;
}

/** Splits a list into parts of at most 500. */
const parts = <Item>(items: readonly Item[]): Item[][] =>
  Array.from({ length: Math.ceil(items.length / stepRows) }, (_, index) =>
    items.slice(index * stepRows, (index + 1) * stepRows),
  );

/**
 * Notifies people of events or due tasks: each person once, of what they see now, by the channels that they have chosen. It also does the
 * work of other such jobs of the organization. After a crash it continues with the people who were not notified yet.
 */
export async function tell(ctx: ServiceContext, payload: JobPayload, job: JobRun): Promise<{ told: number }> {
  const { organizationId, signal } = job;
  if (organizationId === null) throw new Error('People are told what happens in an organization.');
  const payloads = [payload, ...(await job.together())].map((one) => TellJob.parse(one));
  // The order of event ids is the order of time.
  const events = parts(payloads.flatMap((one) => one.events).sort()).map((some) => ({ events: some, due: [] }));
  const due = parts(payloads.flatMap((one) => one.due)).map((some) => ({ events: [], due: some }));
  let told = 0;
  for (const telling of [...events, ...due]) told += await tellSome(ctx, telling, organizationId, signal);
  return { told };
}
