import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../database/columns.ts';
import { defineTable, type TableOptions } from '../database/table.ts';
import { UserEntity } from '../identity/index.ts';
import { defineTenantTable } from '../tenancy/index.ts';
import { TaskEntity } from '../work/index.ts';
import { dueTypes, notificationTypes } from './notification.types.ts';

/**
 * A notification of a person. It refers to things only by their ids. Titles and names are read when it is shown, if the person still sees
 * them. The rows of one person are stored together, in the order of time.
 */
export const NotificationEntity = defineEntity({
  name: 'Notification',
  tableName: 'notifications',
  properties: {
    userId: id().primary(),
    id: id().primary(),
    organizationId: id(),
    type: p.enum(notificationTypes),
    /** Identifies the news in one text, because nobody is notified twice of the same thing. */
    newsKey: p.string(),
    /** The user who did it; null when time did. */
    actorId: id().nullable(),
    entityType: p.string(),
    entityId: id(),
    taskId: id().nullable(),
    commentId: id().nullable(),
    /** Details that only the event has, such as the statuses before and after. */
    details: p.json<Record<string, unknown>>(),
    /** Whether lists show it. If not, it exists only for its mail. */
    inApp: p.boolean(),
    /** When its mail is due; null when it has no mail, or when the mail was sent. */
    mailAt: instant().nullable(),
    readAt: instant().nullable(),
    deliveredAt: instant().nullable(),
    createdAt: instant(),
  },
  uniques: [{ properties: ['userId', 'newsKey'] }],
  indexes: [
    {
      name: 'notifications_unread_index',
      properties: ['userId', 'id'],
      where: 'read_at is null and in_app = true',
    },
    { name: 'notifications_mail_index', properties: ['mailAt', 'userId', 'id'], where: 'mail_at is not null' },
    { properties: ['organizationId'] },
    { properties: ['createdAt'] },
  ],
});

/** The notification preferences of a person. Without a row, the defaults apply. */
export const NotificationPreferenceEntity = defineEntity({
  name: 'NotificationPreference',
  tableName: 'notification_preferences',
  properties: {
    userId: id().primary(),
    /** The channels by type of notification. Missing types have the default. */
    channels: p.json<Record<string, unknown>>(),
    /** `HH:MM` in the person's time zone; null means no quiet hours. */
    quietFrom: p.string().nullable(),
    quietTo: p.string().nullable(),
    digestAt: p.string(),
  },
});

/** Notes which tasks people have been notified of as due soon or overdue, and for which due date. */
const DueNoticeEntity = defineEntity({
  name: 'DueNotice',
  tableName: 'due_notices',
  properties: {
    organizationId: id().primary(),
    taskId: id().primary(),
    type: p.enum(dueTypes).primary(),
    dueDate: instant(),
  },
  indexes: [{ properties: ['dueDate'] }],
});

const ofOnePerson: TableOptions = {
  kind: 'person',
  references: [{ columns: ['userId'], to: () => UserEntity, onDelete: 'cascade' }],
};

export const notificationTables = [
  defineTable(NotificationEntity, ofOnePerson),
  defineTable(NotificationPreferenceEntity, ofOnePerson),
  defineTenantTable(DueNoticeEntity, {
    withoutRowid: true,
    references: [{ columns: ['organizationId', 'taskId'], to: () => TaskEntity, onDelete: 'cascade' }],
  }),
] as const;
