import type { ServiceContext } from '../database/context.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import type { Mail, Mailer } from '../identity/mail/mailer.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { listNotifications, type Notification, NotificationListInput } from '../notifications/index.ts';
import { NotificationEntity } from '../notifications/notification.entity.ts';
import type { Platform } from '../platform.ts';
import type { TestClock, TestPlatform } from './platform.ts';

/** Adds a notification for a person, as if somebody else had assigned a task to them. */
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

/** Seals all events, and runs the jobs that notify people of them. Answers how many jobs ran. */
export async function notifyAll(platform: TestPlatform, clock: TestClock): Promise<number> {
  await platform.sealer.sealAll();
  // A job waits this long for others.
  clock.advance(2000);
  return platform.runDueJobs();
}

/** A mailer that keeps the mails instead of sending them. */
export class KeepingMailer implements Mailer {
  readonly mails: Mail[] = [];

  async send(mail: Mail): Promise<void> {
    this.mails.push(mail);
  }

  /** Removes and answers the mails to an address. */
  take(to: string): Mail[] {
    const taken = this.mails.filter((mail) => mail.to === to);
    this.mails.splice(0, this.mails.length, ...this.mails.filter((mail) => mail.to !== to));
    return taken;
  }
}

/** Lists the notifications of a person, newest first. */
export const notificationsOf = async (
  ctx: ServiceContext,
  input: Readonly<Record<string, unknown>> = {},
): Promise<Notification[]> => (await listNotifications(ctx, NotificationListInput.parse(input))).data;
