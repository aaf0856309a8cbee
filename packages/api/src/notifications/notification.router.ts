import {
  getNotificationPreferences,
  getUnreadCount,
  listNotifications,
  markAllNotificationsRead,
  markNotificationsRead,
  Notification,
  NotificationListInput,
  NotificationPreferences,
  NotificationPreferencesUpdate,
  NotificationsRead,
  page,
  UnreadCount,
  Unsubscribe,
  unsubscribe,
  updateNotificationPreferences,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { click, mutation, query } = heading({
  name: 'Notifications',
  description: 'What you were told, in all of your organizations, and how you want to be told.',
  group: 'Work',
  guide: 'notifications',
});

/** A session that is valid in one organization only sees the notifications of that one. */
const ofCaller = { access: 'user', organization: 'optional', limitedSession: true } as const;

export const notificationRouter = router({
  list: query({
    rest: 'GET /notifications',
    ...ofCaller,
    summary: 'List your notifications, the newest first',
    description: 'Those of the last 90 days.',
    input: NotificationListInput,
    output: page(Notification),
    run: listNotifications,
  }),
  unreadCount: query({
    rest: 'GET /notifications/unread-count',
    ...ofCaller,
    summary: 'Count your unread notifications',
    output: UnreadCount,
    run: getUnreadCount,
  }),
  markRead: mutation({
    rest: 'POST /notifications/read',
    ...ofCaller,
    summary: 'Mark some of your notifications as read',
    description: 'Answers how many are left unread.',
    input: NotificationsRead,
    output: UnreadCount,
    run: markNotificationsRead,
  }),
  markAllRead: mutation({
    rest: 'POST /notifications/read-all',
    ...ofCaller,
    summary: 'Mark all of your notifications as read',
    output: UnreadCount,
    run: markAllNotificationsRead,
  }),
});

export const notificationPreferenceRouter = router({
  get: query({
    rest: 'GET /users/me/notification-preferences',
    access: 'user',
    summary: 'Read how you want to be told',
    output: NotificationPreferences,
    run: getNotificationPreferences,
  }),
  update: mutation({
    rest: 'PATCH /users/me/notification-preferences',
    access: 'user',
    summary: 'Change how you want to be told',
    description: 'Only what is sent changes; null ends the quiet hours.',
    input: NotificationPreferencesUpdate,
    output: NotificationPreferences,
    run: updateNotificationPreferences,
  }),
  unsubscribe: click({
    rest: 'POST /notifications/unsubscribe',
    access: 'public',
    summary: 'End the mails about notifications, from a mail',
    description:
      'Mail programs send it when their user unsubscribes with one click (RFC 8058). The address is in the header `List-Unsubscribe` of the mail.',
    status: 200,
    input: Unsubscribe,
    run: unsubscribe,
  }),
});
