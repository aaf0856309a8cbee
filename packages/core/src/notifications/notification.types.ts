/** The types of notifications that time causes. */
export const dueTypes = ['task.due_soon', 'task.overdue'] as const;

/** The types of notifications. */
export const notificationTypes = [
  'task.assigned',
  'task.mentioned',
  'task.commented',
  'task.status_changed',
  ...dueTypes,
  'invitation.received',
  'webhook.disabled',
] as const;

export type NotificationType = (typeof notificationTypes)[number];

/** When a mail is sent: never, at once, or once a day together with others. */
export const mailChoices = ['off', 'now', 'digest'] as const;

export type MailChoice = (typeof mailChoices)[number];

/** The channels of a type of notification. */
export interface Channels {
  inApp: boolean;
  email: MailChoice;
}

/** The default channels. An invitation has its own mail. */
export const usualChannels: Readonly<Record<NotificationType, Channels>> = {
  'task.assigned': { inApp: true, email: 'now' },
  'task.mentioned': { inApp: true, email: 'now' },
  'task.commented': { inApp: true, email: 'off' },
  'task.status_changed': { inApp: true, email: 'off' },
  'task.due_soon': { inApp: true, email: 'digest' },
  'task.overdue': { inApp: true, email: 'digest' },
  'invitation.received': { inApp: true, email: 'off' },
  'webhook.disabled': { inApp: true, email: 'now' },
};
