import { sql } from 'kysely';
import { eventsSealed } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import type { MailTemplate } from '../identity/index.ts';
import { inBatches, type JobHandlers, type Schedule } from '../jobs/index.ts';
import { findDue } from './due.ts';
import { sendDueMails } from './mailing.ts';
import { notificationMail } from './notification.mail.ts';
import { preferenceEvents } from './preference.events.ts';
import { tellJob, tellLater } from './reaction.ts';
import { tell } from './tell.ts';

export { writeFetched } from './fetched.ts';
export { notificationTables } from './notification.entity.ts';
export { notificationTypes } from './notification.types.ts';
export { getUnreadCount, listNotifications } from './notification.queries.ts';
export * from './notification.schema.ts';
export { markAllNotificationsRead, markNotificationsRead, unsubscribe } from './notification.service.ts';
export { readPushed } from './notification.push.ts';
export { getNotificationPreferences, updateNotificationPreferences } from './preferences.ts';
export { onTold, type Told } from './told.ts';

/** The events of this context. */
export const notificationEvents = [preferenceEvents];

const dayMs = 86_400_000;
const keptDays = 90;

const daysAgo = ({ clock }: ServiceContext, days: number): Date => new Date(clock.now().getTime() - days * dayMs);

/** Deletes notifications after 90 days, and notices about due dates that are long past. */
const purge = async (ctx: ServiceContext) => ({
  notifications: await inBatches(ctx, 'notifications', sql`created_at < ${daysAgo(ctx, keptDays)}`),
  dueNotices: await inBatches(ctx, 'due_notices', sql`due_date < ${daysAgo(ctx, keptDays)}`),
});

export const notificationHandlers: JobHandlers = {
  [tellJob]: tell,
  'notifications.due': (_ctx, _payload, job) => findDue(job),
  'notifications.mail': (_ctx, _payload, job) => sendDueMails(job),
  'notifications.purge': (ctx) => purge(ctx),
};

export const notificationSchedules: readonly Schedule[] = [
  { name: 'notifications.due', cron: '*/15 * * * *', kind: 'notifications.due' },
  { name: 'notifications.mail', cron: '*/5 * * * *', kind: 'notifications.mail' },
  { name: 'notifications.purge', cron: '55 3 * * *', kind: 'notifications.purge' },
];

/** The mails of this context, by template. */
export const notificationMails: Readonly<Record<string, MailTemplate>> = { notifications: notificationMail };

eventsSealed.add(tellLater);
