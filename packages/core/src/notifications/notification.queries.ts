import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { countOf, type PageOrder, pageRequest, readPage } from '../database/paging.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { anyOf, countAll } from '../database/sql.ts';
import { current, statement } from '../database/statement.ts';
import { requireCaller } from '../identity/index.ts';
import type { Page } from '../kernel/schemas.ts';
import type { Principal } from '../kernel/principal.ts';
import { noteFetched } from './fetched.ts';
import { inRange } from '../records/index.ts';
import type { Notification, NotificationListInput, UnreadCount } from './notification.schema.ts';
import { showNotifications } from './notification.show.ts';

/** The only organization whose notifications a session may see. Null when it may see all. */
export const onlyOrganization = ({ limited, organizationId }: Principal): string | null | undefined =>
  limited ? organizationId : undefined;

/** The notifications of the caller that lists show. */
function ownNotifications(db: Pick<ReadDoor, 'selectFrom'>, principal: Principal) {
  const only = onlyOrganization(principal);
  return (
    db
      .selectFrom('notifications')
      .where('notifications.user_id', '=', principal.userId)
      // Use a literal, because the index of unread notifications is partial.
      .where('notifications.in_app', '=', sql.lit(true))
      .$if(only !== undefined, (query) => query.where('notifications.organization_id', '=', only ?? null))
  );
}

const newestFirst = (): PageOrder => {
  const id = sql.ref('notifications.id');
  return { by: id, descending: true, id };
};

const createdAt = sql.ref('notifications.created_at');

export const notificationColumns = [
  'notifications.id',
  'notifications.organization_id as organizationId',
  'notifications.type',
  'notifications.actor_id as actorId',
  'notifications.entity_type as entityType',
  'notifications.entity_id as entityId',
  'notifications.task_id as taskId',
  'notifications.comment_id as commentId',
  'notifications.details',
  'notifications.read_at as readAt',
  'notifications.delivered_at as deliveredAt',
  'notifications.created_at as createdAt',
] as const;

/**
 * Lists the caller's notifications from all of their organizations, newest first. They count as delivered from now on.
 * @throws `unauthenticated`
 */
export async function listNotifications(
  ctx: ServiceContext,
  input: NotificationListInput,
): Promise<Page<Notification>> {
  requireCaller(ctx);
  const { principal } = ctx;
  const request = pageRequest(ctx, `notifications of ${principal.userId}`, '-id', input);
  const { unread, type, task } = input;
  const { rows, nextCursor, total } = await read(ctx, async (db) => {
    const query = inRange(ownNotifications(db, principal), () => createdAt, input)
      .$if(unread !== undefined, (some) => some.where('notifications.read_at', unread ? 'is' : 'is not', null))
      .$if(type !== undefined, (some) => some.where(anyOf(db.dialect, 'notifications.type', type ?? [], 'text')))
      .$if(task !== undefined, (some) => some.where(anyOf(db.dialect, 'notifications.task_id', task ?? [])));
    const page = await readPage(query.select(notificationColumns), newestFirst(), request);
    return { ...page, total: input.total ? { total: await countOf(query) } : {} };
  });
  noteFetched(ctx, principal.userId, rows);
  return { data: await showNotifications(ctx, principal.userId, rows), nextCursor, ...total };
}

const unreadOwn = statement((db) =>
  db
    .selectFrom('notifications')
    .select(countAll().as('count'))
    .where('notifications.user_id', '=', current.user)
    .where('notifications.read_at', 'is', null)
    .where('notifications.in_app', '=', sql.lit(true)),
);

/** Counts the unread notifications of a caller, through their read door. */
export async function countUnread(db: ReadDoor, principal: Principal): Promise<UnreadCount> {
  if (onlyOrganization(principal) === undefined) {
    const [row] = await db.run(unreadOwn, {});
    return { count: row?.count ?? 0 };
  }
  return { count: await countOf(ownNotifications(db, principal).where('notifications.read_at', 'is', null)) };
}

/** Counts the caller's unread notifications. @throws `unauthenticated` */
export async function getUnreadCount(ctx: ServiceContext): Promise<UnreadCount> {
  requireCaller(ctx);
  const { principal } = ctx;
  return read(ctx, (db) => countUnread(db, principal));
}
