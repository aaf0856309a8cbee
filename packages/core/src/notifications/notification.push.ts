import { sql } from 'kysely';
import type { ServiceContext } from '../database/context.ts';
import { read } from '../database/read-door.ts';
import { anyOf } from '../database/sql.ts';
import { noteFetched } from './fetched.ts';
import { notificationColumns } from './notification.queries.ts';
import type { Notification } from './notification.schema.ts';
import { showNotifications } from './notification.show.ts';
import { recipient } from './recipient.ts';

/** Reads some notifications of a user, in order, to send them to the user's client. They count as delivered from now on. */
export async function readPushed(ctx: ServiceContext, userId: string, ids: readonly string[]): Promise<Notification[]> {
  const own = { ...ctx, principal: recipient(userId, null) };
  const rows = await read(own, (db) =>
    db
      .selectFrom('notifications')
      .select(notificationColumns)
      .where('notifications.user_id', '=', userId)
      .where('notifications.in_app', '=', sql.lit(true))
      .where(anyOf(db.dialect, 'notifications.id', ids))
      .orderBy('notifications.id')
      .execute(),
  );
  noteFetched(ctx, userId, rows);
  return showNotifications(own, userId, rows);
}
