/** The types of what time does to a task. */
export const dueTypes = ['task.due_soon', 'task.overdue'] as const;

/** What somebody can be told. */
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

/** When a mail tells it: never, at once, or together with others once a day. */
export const mailChoices = ['off', 'now', 'digest'] as const;

export type MailChoice = (typeof mailChoices)[number];

/** By which channels a person is told. */
export interface Channels {
  inApp: boolean;
  email: MailChoice;
}

/** How people are told who have chosen nothing. An invitation has a mail of its own. */
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
