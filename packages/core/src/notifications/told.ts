import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { onePer } from '../kernel/per.ts';

/** New notifications of one person. */
export interface Told {
  userId: string;
  ids: readonly string[];
}

type Listener = (told: Told) => void;

const channel = 'tenon_told';

/** PostgreSQL accepts less than 8000 bytes. */
const mostIds = 150;

/** Distinguishes the messages of this process from those of others. */
const origin = randomUUID();

const listenersOf = onePer<Database, Set<Listener>>(() => new Set());

/** Calls the listener when any process has committed notifications. Answers a function that unsubscribes. */
export function onTold(database: Database, listener: Listener): () => void {
  const listeners = listenersOf(database).add(listener);
  const stop = database.engine.listen(channel, (payload) => {
    const [from, userId = '', ...ids] = payload.split(' ');
    if (from !== origin) listener({ userId, ids });
  });
  return () => {
    listeners.delete(listener);
    stop();
  };
}

/** Informs all processes after the unit commits. Clients find a lost message in the list of notifications. */
export async function announceTold(unit: Unit, { userId, ids }: Told): Promise<void> {
  const { database } = unit.ctx;
  unit.afterCommit(() => {
    for (const listener of listenersOf(database)) listener({ userId, ids });
  });
  if (database.engine.dialect !== 'postgresql') return;
  for (let first = 0; first < ids.length; first += mostIds) {
    const payload = [origin, userId, ...ids.slice(first, first + mostIds)].join(' ');
    await unit.db
      .selectFrom(sql<{ sent: string }>`(select pg_notify(${channel}, ${payload}) as sent)`.as('sending'))
      .select('sent')
      .execute();
  }
}
