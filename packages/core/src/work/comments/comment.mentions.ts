import type { ServiceContext } from '../../database/context.ts';
import { read } from '../../database/read-door.ts';
import { anyOf } from '../../database/sql.ts';
import { current, statement } from '../../database/statement.ts';
import { keyOf } from '../../kernel/text.ts';
import { seersOf } from '../tasks/index.ts';

const mostMentions = 50;

/** `@` and a username, unless it is inside an address such as `me@example.com`. */
const mention = /(?<![\p{L}\p{N}._@-])@([A-Za-z0-9._-]+)/gu;

/**
 * The first 50 usernames that a text mentions, as keys. Each is a list of readings: a username may end with a point, and so may a
 * sentence.
 */
export function mentionedIn(body: string): string[][] {
  const found = new Map<string, string[]>();
  for (const [, name = ''] of body.matchAll(mention)) {
    const readings = [name, name.replace(/[._-]+$/, '')].filter(({ length }) => length >= 3 && length <= 40);
    if (readings.length > 0) found.set(keyOf(name), [...new Set(readings.map(keyOf))]);
    if (found.size === mostMentions) break;
  }
  return [...found.values()];
}

interface Keys extends Readonly<Record<string, unknown>> {
  keys: readonly string[];
}

const membersCalled = statement((db, { keys }: Keys, dialect) =>
  db
    .selectFrom('users')
    .innerJoin('memberships', 'memberships.user_id', 'users.id')
    .select(['users.id', 'users.username_key as key'])
    .where(anyOf(dialect, 'users.username_key', keys, 'text'))
    .where('memberships.organization_id', '=', current.organization)
    .where('memberships.status', '=', 'active')
    .where('users.is_active', '=', true),
);

/** The user ids of those whom a text about a task mentions: active members who see the task now. */
export async function mentionsIn(ctx: ServiceContext, taskId: string, body: string): Promise<string[]> {
  const mentioned = mentionedIn(body);
  if (mentioned.length === 0) return [];
  const rows = await read(ctx, (db) => db.run(membersCalled, { keys: mentioned.flat() }));
  const idByKey = new Map(rows.map(({ key, id }) => [key, id]));
  const ids = mentioned.flatMap((readings) => readings.flatMap((key) => idByKey.get(key) ?? []).slice(0, 1));
  const seers = await seersOf(ctx, taskId, ids);
  return [...new Set(ids)].filter((id) => seers.has(id));
}
