import { sql } from 'kysely';
import { z } from 'zod';
import { recordEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { read, type ReadDoor } from '../database/read-door.ts';
import { current, statement } from '../database/statement.ts';
import { mutate, type Unit } from '../database/unit-of-work.ts';
import { requireCaller, requireSignedIn } from '../identity/index.ts';
import { diff, isEmpty } from '../kernel/changes.ts';
import { NotificationPreferenceEntity } from './notification.entity.ts';
import type { NotificationPreferences, NotificationPreferencesUpdate } from './notification.schema.ts';
import { preferenceEvents } from './preference.events.ts';
import {
  type Channels,
  mailChoices,
  type NotificationType,
  notificationTypes,
  usualChannels,
} from './notification.types.ts';

/** The choices of a person, by type of notification. */
export interface Preferences {
  channels: Readonly<Record<NotificationType, Channels>>;
  quietHours: { from: string; to: string } | null;
  digestAt: string;
}

const usualDigestAt = '08:00';

const StoredChannels = z.partialRecord(
  z.enum(notificationTypes),
  z.object({ inApp: z.boolean(), email: z.enum(mailChoices) }),
);

const ownRow = statement((db) =>
  db
    .selectFrom('notification_preferences')
    .select([
      'notification_preferences.channels',
      'notification_preferences.quiet_from as quietFrom',
      'notification_preferences.quiet_to as quietTo',
      'notification_preferences.digest_at as digestAt',
    ])
    .where('notification_preferences.user_id', '=', current.user),
);

/** Reads the preferences of the user to whom the door belongs. */
export async function readPreferences(db: ReadDoor): Promise<Preferences> {
  const [row] = await db.run(ownRow, {});
  const { quietFrom: from = null, quietTo: to = null, digestAt = usualDigestAt } = row ?? {};
  // Leave out types that this version does not know.
  const stored = StoredChannels.safeParse(row?.channels ?? {}).data ?? {};
  const quietHours = from === null || to === null ? null : { from, to };
  return { channels: { ...usualChannels, ...stored }, quietHours, digestAt };
}

const show = ({ channels, quietHours, digestAt }: Preferences): NotificationPreferences => ({
  preferences: notificationTypes.map((type) => ({ type, ...channels[type] })),
  quietHours,
  digestAt,
});

/** Reads the notification preferences of the signed-in user. @throws `unauthenticated` */
export async function getNotificationPreferences(ctx: ServiceContext): Promise<NotificationPreferences> {
  requireCaller(ctx);
  return read(ctx, async (db) => show(await readPreferences(db)));
}

const firstRow = statement((db, { digestAt }: { digestAt: string }) =>
  db
    .insertInto('notification_preferences')
    .values({
      user_id: current.user,
      channels: sql<Record<string, unknown>>`'{}'`,
      quiet_from: null,
      quiet_to: null,
      digest_at: digestAt,
    })
    .onConflict((conflict) => conflict.doNothing()),
);

const lockRow = statement((db, _values: Record<string, never>, dialect) => {
  const row = db
    .selectFrom('notification_preferences')
    .select('notification_preferences.user_id')
    .where('notification_preferences.user_id', '=', current.user);
  return dialect === 'sqlite' ? row : row.forUpdate();
});

/**
 * Changes the preferences of the unit's user. It locks them, so that no change is lost. When nothing differs, it records no event. Answers
 * the new preferences.
 */
export async function changePreferences(
  unit: Unit,
  change: (preferences: Preferences) => Preferences,
): Promise<NotificationPreferences> {
  const { userId } = unit.scope;
  if (userId === null) throw new Error('Nobody has preferences here.');
  await unit.db.run(firstRow, { digestAt: usualDigestAt });
  await unit.db.run(lockRow, {});
  const before = await readPreferences(unit.db);
  const after = change(before);
  const changes = diff(show(before), show(after));
  if (isEmpty(changes)) return show(before);
  const { channels, quietHours, digestAt } = after;
  await unit.update(
    NotificationPreferenceEntity,
    { userId },
    { channels, quietFrom: quietHours?.from ?? null, quietTo: quietHours?.to ?? null, digestAt },
  );
  await recordEvents(unit, preferenceEvents.notification_preferences_changed.about(userId, { changes, data: {} }));
  return show(after);
}

/**
 * Changes the notification preferences of the signed-in user. Fields that are not given stay.
 * @throws `unauthenticated`
 */
export async function updateNotificationPreferences(
  ctx: ServiceContext,
  { preferences = [], quietHours, digestAt }: NotificationPreferencesUpdate,
): Promise<NotificationPreferences> {
  requireSignedIn(ctx);
  return mutate(ctx, (unit) =>
    changePreferences(unit, (known) => {
      const channels = { ...known.channels };
      for (const { type, inApp = channels[type].inApp, email = channels[type].email } of preferences)
        channels[type] = { inApp, email };
      return {
        channels,
        quietHours: quietHours === undefined ? known.quietHours : quietHours,
        digestAt: digestAt ?? known.digestAt,
      };
    }),
  );
}
