import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { anyOf } from '../database/sql.ts';
import { mutate } from '../database/unit-of-work.ts';
import { invalidToken, provesAccount, readAccountToken, requireCaller } from '../identity/index.ts';
import { countUnread, onlyOrganization } from './notification.queries.ts';
import type { NotificationsRead, UnreadCount, Unsubscribe } from './notification.schema.ts';
import { notificationTypes } from './notification.types.ts';
import { changePreferences } from './preferences.ts';
import { recipient } from './recipient.ts';
import { unsubscribeSubject } from './unsubscribe.ts';

/** Marks unread notifications of the caller as read. @returns how many unread ones are left */
async function markWhere(ctx: ServiceContext, ids: readonly string[] | null): Promise<UnreadCount> {
  requireCaller(ctx);
  const { principal } = ctx;
  const only = onlyOrganization(principal);
  return mutate(ctx, async ({ db, now }) => {
    await db
      .updateTable('notifications')
      .set({ read_at: now })
      .where('notifications.user_id', '=', principal.userId)
      .where('notifications.read_at', 'is', null)
      .where('notifications.in_app', '=', sql.lit(true))
      .$if(ids !== null, (query) => query.where(anyOf(db.dialect, 'notifications.id', ids ?? [])))
      .$if(only !== undefined, (query) => query.where('notifications.organization_id', '=', only ?? null))
      .execute();
    return countUnread(db, principal);
  });
}

/**
 * Marks some notifications of the caller as read. Those of others, and unknown ones, are left out.
 * @throws `unauthenticated`
 */
export const markNotificationsRead = (ctx: ServiceContext, { ids }: NotificationsRead): Promise<UnreadCount> =>
  markWhere(ctx, ids);

/** Marks all notifications of the caller as read. @throws `unauthenticated` */
export const markAllNotificationsRead = (ctx: ServiceContext): Promise<UnreadCount> => markWhere(ctx, null);

/**
 * Ends all notification mails to the person who received the mail with the token (RFC 8058). Further calls change nothing.
 * @throws `validation_failed` when the token is not valid
 */
export async function unsubscribe(ctx: ServiceContext, { token }: Unsubscribe): Promise<void> {
  const claim = readAccountToken(token);
  const { id: userId } = claim;
  if (!provesAccount(ctx.settings, 'unsubscribe', claim, unsubscribeSubject(userId), ctx.clock.now()))
    throw invalidToken();
  await mutate({ ...ctx, principal: recipient(userId, null) }, (unit) =>
    changePreferences(unit, ({ channels, ...times }) => {
      const silent = { ...channels };
      for (const type of notificationTypes) silent[type] = { ...channels[type], email: 'off' };
      return { ...times, channels: silent };
    }),
  );
}
