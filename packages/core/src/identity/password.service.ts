import { recordEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { readThroughIdentityDoor, writeThroughIdentityDoor } from '../database/identity-door.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { enqueue } from '../jobs/index.ts';
import { type AccountClaim, invalidToken, provesAccount, readAccountToken } from './account-token.ts';
import type { ChangePassword, ForgotPassword, MailSent, ResetPassword } from './auth.schema.ts';
import { CredentialEntity } from './credential.entity.ts';
import { requestMail } from './mail/mail-request.ts';
import { mailJob } from './mail/mail.job.ts';
import { resetSubject } from './mail/account.mails.ts';
import { checkPasswordPolicy, hashPassword } from './passwords.ts';
import { requirePresentPassword, wrongPresentPassword } from './present-password.ts';
import { endSessionsOf } from './session.service.ts';
import { requireSignedIn } from './signed-in.ts';
import { accountBudget, clearTries } from './throttle.ts';
import { userEvents } from './user.events.ts';
import { activeAccounts } from './user.queries.ts';
import { lockUser, users } from './user.record.ts';

/** Records that the password of an account has changed, and mails the owner. */
async function announcePasswordChange(unit: Unit, userId: string, by: 'user' | 'mail'): Promise<void> {
  await recordEvents(
    unit,
    userEvents.password_changed.about(userId, { data: { by, address: unit.ctx.address }, actorId: userId }),
  );
  await enqueue(unit, mailJob, { template: 'password_changed', userId });
}

/**
 * Changes the password of the signed-in user, and ends their other sessions.
 * @throws `unauthenticated`, `rate_limited`, `validation_failed` at `currentPassword` or `newPassword`
 */
export async function changePassword(ctx: ServiceContext, input: ChangePassword): Promise<void> {
  requireSignedIn(ctx);
  const { userId, sessionId } = ctx.principal;
  const account = await requirePresentPassword(ctx, input.currentPassword);
  checkPasswordPolicy(ctx.settings, input.newPassword, account, 'newPassword');
  const passwordHash = await hashPassword(input.newPassword);
  await writeThroughIdentityDoor(ctx, async (unit) => {
    const present = { userId, passwordHash: account.passwordHash };
    const changed = await unit.update(CredentialEntity, present, { passwordHash, updatedAt: unit.now });
    if (changed === 0) throw wrongPresentPassword();
    await endSessionsOf(unit, userId, 'password_changed', sessionId);
    await announcePasswordChange(unit, userId, 'user');
  });
}

/** Asks for a mail with a token that sets a new password. @throws `rate_limited` */
export const forgotPassword = (ctx: ServiceContext, { email }: ForgotPassword): Promise<MailSent> =>
  requestMail(ctx, email, (unit) => enqueue(unit, mailJob, { template: 'reset_password', email }));

/** The account whose password a token from the mail may set; null when the token is not valid, or no longer valid. */
async function findResettable(ctx: ServiceContext, db: ReadDoor, claim: AccountClaim) {
  const user = await activeAccounts(db).where('users.id', '=', claim.id).executeTakeFirst();
  if (!user) return null;
  return provesAccount(ctx.settings, 'reset-password', claim, resetSubject(user), ctx.clock.now()) ? user : null;
}

/**
 * Sets a new password by a token from the mail. This ends all sessions of the account, verifies its address, and clears failed
 * attempts, so that somebody's guessing no longer locks the owner out. Each token works once.
 * @throws `validation_failed` at `token` or `password`
 */
export async function resetPassword(ctx: ServiceContext, input: ResetPassword): Promise<void> {
  const claim = readAccountToken(input.token);
  const found = await readThroughIdentityDoor(ctx.database, (db) => findResettable(ctx, db, claim));
  if (!found) throw invalidToken();
  checkPasswordPolicy(ctx.settings, input.password, found);
  const passwordHash = await hashPassword(input.password);
  await writeThroughIdentityDoor(ctx, async (unit) => {
    const user = await lockUser(unit, found.id, invalidToken);
    // Check again under the lock: of parallel requests with one token, only one succeeds.
    if (!(await findResettable(ctx, unit.db, claim))) throw invalidToken();
    const updatedAt = unit.now.toISOString();
    await users.change(unit, user, { emailVerifiedAt: user.emailVerifiedAt ?? updatedAt, updatedAt });
    await unit.delete(CredentialEntity, { userId: user.id });
    await unit.insert(CredentialEntity, { userId: user.id, passwordHash, updatedAt: unit.now });
    await endSessionsOf(unit, user.id, 'password_reset');
    const names = [found.emailKey, ...(found.usernameKey === null ? [] : [found.usernameKey])];
    await clearTries(unit, [
      ...names.map((name) => accountBudget(ctx, 'login', name)),
      accountBudget(ctx, 'account', user.id),
    ]);
    await announcePasswordChange(unit, user.id, 'mail');
  });
}
