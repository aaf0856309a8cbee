import type { ServiceContext } from '../database/context.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import type { Mail, Mailer } from '../identity/mail/mailer.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { listNotifications, type Notification, NotificationListInput } from '../notifications/index.ts';
import { NotificationEntity } from '../notifications/notification.entity.ts';
import type { Platform } from '../platform.ts';

/** Adds a notification to somebody, as if another one had assigned a task to them. */
export async function addNotification(
  platform: Platform,
  told: { userId: string; organizationId: string; actorId: string; taskId: string },
): Promise<string> {
  const id = uuidv7();
  await writeThroughSystemDoor(platform.context({ principal: null }), (unit) =>
    unit.insert(NotificationEntity, {
      ...told,
      id,
      type: 'task.assigned',
      newsKey: id,
      entityType: 'task',
      entityId: told.taskId,
      details: {},
      inApp: true,
      createdAt: unit.now,
    }),
  );
  return id;
}

/** A mailer that keeps what it is given. */
export class KeepingMailer implements Mailer {
  readonly mails: Mail[] = [];

  async send(mail: Mail): Promise<void> {
    this.mails.push(mail);
  }

  /** Takes out the mails to an address. */
  take(to: string): Mail[] {
    const taken = this.mails.filter((mail) => mail.to === to);
    this.mails.splice(0, this.mails.length, ...this.mails.filter((mail) => mail.to !== to));
    return taken;
  }
}

/** Lists what somebody was told, the newest first. */
export const notificationsOf = async (
  ctx: ServiceContext,
  input: Readonly<Record<string, unknown>> = {},
): Promise<Notification[]> => (await listNotifications(ctx, NotificationListInput.parse(input))).data;
