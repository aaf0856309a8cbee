import { defineEvents, event } from '../activity/index.ts';
import { NotificationPreferences } from './notification.schema.ts';

/** The events about changed notification preferences. */
export const preferenceEvents = defineEvents(
  'user',
  {
    notification_preferences_changed: event({
      changes: NotificationPreferences.shape,
      summary: ({ actor }) => `${actor} changed how they are notified`,
    }),
  },
  'instance',
);
