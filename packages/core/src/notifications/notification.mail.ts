import { z } from 'zod';
import { read } from '../database/read-door.ts';
import { anyOf } from '../database/sql.ts';
import { current, statement } from '../database/statement.ts';
import { type Block, greetingOf, inert, type MailTemplate, writeMail } from '../identity/index.ts';
import { notificationColumns } from './notification.queries.ts';
import { showNotifications } from './notification.show.ts';
import { readPerson, recipient } from './recipient.ts';
import { unsubscribeHeaders } from './unsubscribe.ts';

const Payload = z.object({ userId: z.string(), ids: z.array(z.string()) });

interface Ids extends Readonly<Record<string, unknown>> {
  ids: readonly string[];
}

const unreadAmong = statement((db, { ids }: Ids, dialect) =>
  db
    .selectFrom('notifications')
    .select(notificationColumns)
    .where('notifications.user_id', '=', current.user)
    .where(anyOf(dialect, 'notifications.id', ids))
    .where('notifications.read_at', 'is', null)
    .orderBy('notifications.id'),
);

/** How many notifications a mail lists. It only counts the others. */
const mostNamed = 50;

/**
 * Writes the mail about one or more notifications of a person. It leaves out those that they have read meanwhile, and those of things that
 * they no longer see. Returns null when nothing is left.
 */
export const notificationMail: MailTemplate = async (ctx, payload) => {
  const { userId, ids } = Payload.parse(payload);
  const { person, rows } = await read({ ...ctx, principal: recipient(userId, null) }, async (db) => ({
    person: await readPerson(db),
    rows: await db.run(unreadAmong, { ids }),
  }));
  if (!person || person.emailVerifiedAt === null) return null;
  const shown = await showNotifications(ctx, userId, rows);
  const told = shown.filter(({ task, type }) => task !== null || !type.startsWith('task.'));
  const [first] = told;
  if (!first) return null;
  const { publicUrl } = ctx.settings;
  const lines = (organizationId: string) =>
    told
      .slice(0, mostNamed)
      .flatMap(({ organization, message }) => (organization.id === organizationId ? [inert(message)] : []));
  const organizations = new Map(
    told.slice(0, mostNamed).map(({ organization }) => [organization.id, organization.name]),
  );
  const blocks = [...organizations].map(([id, name]): Block => `In ${inert(name)}:\n${lines(id).join('\n')}`);
  const more = told.length - mostNamed;
  return writeMail({
    to: person.email,
    subject: told.length === 1 ? inert(first.message) : `${told.length} notifications`,
    name: greetingOf(person),
    headers: unsubscribeHeaders(ctx, userId),
    blocks: [
      ...blocks,
      ...(more > 0 ? [`And ${more} more.`] : []),
      'Read them all:',
      { copy: `GET ${publicUrl}/api/v1/notifications` },
      'Choose which mails you get, and when:',
      { copy: `PATCH ${publicUrl}/api/v1/users/me/notification-preferences` },
    ],
  });
};
