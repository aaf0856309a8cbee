import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { mutateThroughIdentityDoor } from '../../database/identity-door.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { enqueue } from '../../jobs/index.ts';
import { keyOf } from '../../kernel/text.ts';
import { requireInstanceAdmin } from '../instance-admin.ts';
import { mailJob } from '../mail/mail.job.ts';
import { endSessionsOf } from '../session.service.ts';
import { userEvents } from '../user.events.ts';
import { userErrors, users } from '../user.record.ts';
import type { UserPath } from '../user.schema.ts';
import { removeTotpOf } from './totp.service.ts';

/** Removes the app and the recovery codes of a user who has lost them, ends the user's sessions, and mails the user. */
async function reset(unit: Unit, key: string | { emailKey: string }): Promise<void> {
  const { id: userId } = await users.lock(unit, key);
  await removeTotpOf(unit, userId);
  await endSessionsOf(unit, userId, 'second_factor_reset');
  await recordEvents(unit, userEvents.second_factor_reset.about(userId, { data: {} }));
  await enqueue(unit, mailJob, { template: 'second_factor_reset', userId });
}

/**
 * Removes the lost second factor of a user. Administrators prove who they are to remove their own, as everybody does.
 * @throws `unauthenticated`, `permission_denied`, `own_account`, `user_not_found`, `totp_not_enabled`
 */
export async function resetSecondFactor(ctx: ServiceContext, { userId }: UserPath): Promise<void> {
  requireInstanceAdmin(ctx);
  if (userId === ctx.principal.userId)
    throw userErrors.own_account({ message: 'Nobody resets their own second factor: disable it instead.' });
  await mutateThroughIdentityDoor(ctx, (unit) => reset(unit, userId));
}

/** The same for the command line. @throws `user_not_found`, `totp_not_enabled` */
export const resetSecondFactorOf = (ctx: ServiceContext, email: string): Promise<void> =>
  mutateThroughIdentityDoor(ctx, (unit) => reset(unit, { emailKey: keyOf(email) }));
