import type { ServiceContext } from '../database/context.ts';
import type { Database } from '../database/database.ts';
import { anyOf } from '../database/sql.ts';
import { mutate } from '../database/unit-of-work.ts';
import { onePer } from '../kernel/per.ts';
import { recipient } from './recipient.ts';

interface Fetched {
  ids: Set<string>;
  /** When the first of them was fetched. */
  at: Date;
}

/** For how many people fetched notifications are kept until they are written. Those of more people are noted at their next fetch. */
const mostPeople = 10_000;

/** What clients have fetched and the database does not know yet, by user id. */
const waitingIn = onePer<Database, { people: Map<string, Fetched> }>(() => ({ people: new Map() }));

/** Notes that a client of a user has fetched some notifications. No request waits for the write. */
export function noteFetched(
  { database, clock }: Pick<ServiceContext, 'database' | 'clock'>,
  userId: string,
  rows: readonly { id: string; deliveredAt: string | null }[],
): void {
  const ids = rows.filter(({ deliveredAt }) => deliveredAt === null).map(({ id }) => id);
  if (ids.length === 0) return;
  const { people } = waitingIn(database);
  const known = people.get(userId);
  if (known) for (const id of ids) known.ids.add(id);
  else if (people.size < mostPeople) people.set(userId, { ids: new Set(ids), at: clock.now() });
}

/** Writes the notes, one transaction per user. A note that cannot be written is lost until the notification is fetched again. */
export async function writeFetched(ctx: ServiceContext): Promise<void> {
  const waiting = waitingIn(ctx.database);
  const { people } = waiting;
  waiting.people = new Map();
  for (const [userId, { ids, at }] of people)
    await mutate({ ...ctx, principal: recipient(userId, null) }, ({ db }) =>
      db
        .updateTable('notifications')
        .set({ delivered_at: at })
        .where('notifications.user_id', '=', userId)
        .where(anyOf(db.dialect, 'notifications.id', [...ids]))
        .where('notifications.delivered_at', 'is', null)
        .execute(),
    );
}
