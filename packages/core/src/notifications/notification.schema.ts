import { z } from 'zod';
import { secret } from '../kernel/redaction.ts';
import { anyOf, createdRange, distinct, id, input, instantOut, output, pageInput, Person } from '../kernel/schemas.ts';
import { text } from '../kernel/text.ts';
import { OrganizationRef } from '../tenancy/index.ts';
import { TaskRef } from '../work/index.ts';
import { mailChoices, notificationTypes } from './notification.types.ts';

const type = () => z.enum(notificationTypes);

export const Notification = output('Notification', {
  id: z.uuid(),
  type: type().describe('More types will come.'),
  organization: OrganizationRef.describe('Where it happened.'),
  entity: z
    .object({ type: z.string().describe('The kind of entity, such as `task`.'), id: z.uuid() })
    .describe('What it is about: the task, the comment, or the invitation.'),
  task: TaskRef.nullable().describe('Null when you no longer see it, or when it is not about a task.'),
  commentId: z.uuid().nullable().describe('The comment that it is about; null when it is not about a comment.'),
  actor: Person.nullable().describe('Who did it; null when time did, or when you no longer see what it is about.'),
  message: z.string().describe('One line in plain words.'),
  readAt: instantOut().nullable().describe('When you read it; null until then.'),
  deliveredAt: instantOut().nullable().describe('When a client of yours first got it. It is set some seconds later.'),
  createdAt: instantOut(),
});
export type Notification = z.output<typeof Notification>;

export const NotificationListInput = z.strictObject({
  ...pageInput,
  ...createdRange,
  unread: z.boolean().optional().describe('True lists the unread ones, and false the read ones.'),
  type: anyOf(type()).describe('Only notifications of these types.'),
  task: anyOf(id()).describe('Only notifications about these tasks.'),
});
export type NotificationListInput = z.output<typeof NotificationListInput>;

export const UnreadCount = output('UnreadCount', {
  count: z.number().int().describe('How many notifications are unread.'),
});
export type UnreadCount = z.output<typeof UnreadCount>;

export const NotificationsRead = input('NotificationsRead', {
  ids: distinct(z.array(id()).min(1).max(500)).describe(
    "Ids of other people's notifications and unknown ids are ignored.",
  ),
});
export type NotificationsRead = z.output<typeof NotificationsRead>;

const timeOfDay = () =>
  z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'Must be a time as HH:MM, from 00:00 to 23:59.')
    .meta({ examples: ['08:00'] });

const fromSaid = 'The first quiet minute, as HH:MM.';
const toSaid = 'The first minute that is no longer quiet, as HH:MM.';

const quietHours = z
  .strictObject({ from: timeOfDay().describe(fromSaid), to: timeOfDay().describe(toSaid) })
  .refine(({ from, to }) => from !== to, 'Must not begin and end at the same time.');

const channels = {
  inApp: z.boolean().describe('Whether lists show it.'),
  email: z.enum(mailChoices).describe('`off`, `now`, or `digest` for one mail a day.'),
};

const ofPerson = {
  quietHours: z
    .object({ from: z.string().describe(fromSaid), to: z.string().describe(toSaid) })
    .nullable()
    .describe('When no mail is sent, in your time zone. Mails wait until its end. It may cross midnight.'),
  digestAt: z.string().describe('When the daily mail is sent, in your time zone.'),
};

export const NotificationPreferences = output('NotificationPreferences', {
  preferences: z
    .array(z.object({ type: type().describe('What it is about.'), ...channels }))
    .describe('One for each type of notification.'),
  ...ofPerson,
});
export type NotificationPreferences = z.output<typeof NotificationPreferences>;

export const NotificationPreferencesUpdate = input('NotificationPreferencesUpdate', {
  preferences: distinct(
    z.array(z.strictObject({ type: type().describe('What it is about.'), ...z.object(channels).partial().shape })),
    (one) => one.type,
  )
    .optional()
    .describe('The types to change. Others stay.'),
  quietHours: quietHours
    .nullable()
    .optional()
    .describe(ofPerson.quietHours.description ?? ''),
  digestAt: timeOfDay()
    .optional()
    .describe(ofPerson.digestAt.description ?? ''),
});
export type NotificationPreferencesUpdate = z.output<typeof NotificationPreferencesUpdate>;

/** RFC 8058: mail programs post `List-Unsubscribe=One-Click`, which is ignored. */
export const Unsubscribe = z.object({ token: secret(text(0, 500)).describe('From the mail.') });
export type Unsubscribe = z.output<typeof Unsubscribe>;
