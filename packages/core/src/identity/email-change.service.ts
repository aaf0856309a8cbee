import { sql } from 'kysely';
import { type NewEvent, recordEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { ifTaken } from '../database/failures.ts';
import { writeThroughIdentityDoor } from '../database/identity-door.ts';
import type { ReadDoor } from '../database/read-door.ts';
import { findRow } from '../database/rows.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { enqueue } from '../jobs/index.ts';
import { errors } from '../kernel/errors.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { keyOf } from '../kernel/text.ts';
import { invalidToken, provesAccount, readAccountToken } from './account-token.ts';
import type { ChangeEmail, EmailToken, MailSent } from './auth.schema.ts';
import { CredentialEntity } from './credential.entity.ts';
import { disableAdditions } from './email-change.additions.ts';
import { EmailChangeEntity } from './email-change.entity.ts';
import { requestMail } from './mail/mail-request.ts';
import { changeSubject } from './mail/email-change.mails.ts';
import { mailJob } from './mail/mail.job.ts';
import { requirePresentPassword } from './present-password.ts';
import { endSessionsOf } from './session.service.ts';
import { requireSignedIn } from './signed-in.ts';
import { userEvents } from './user.events.ts';
import { lockUser, userErrors, users } from './user.record.ts';
import type { User } from './user.schema.ts';

const hourMs = 3_600_000;
const confirmMs = 24 * hourMs;
const undoMs = 7 * 24 * hourMs;

/**
 * Whether an address is reserved for the user who had it until recently and may still undo the change. Nobody else can register
 * with it meanwhile: an attacker who took over the account could otherwise block the owner from undoing the change.
 */
export async function isKept(db: ReadDoor, emailKey: string, now: Date): Promise<boolean> {
  const change = await db
    .selectFrom('email_changes')
    .select('id')
    .where('from_email_key', '=', emailKey)
    .where('status', '=', 'confirmed')
    .where(sql<boolean>`undo_until > ${now}`)
    .executeTakeFirst();
  return change !== undefined;
}

/**
 * Asks to change the address of the signed-in user. The new address gets a mail to confirm the change; the old address, if it was
 * verified, gets a mail to undo it. The answer does not reveal whether somebody already has the new address.
 * @throws `unauthenticated`, `rate_limited`, `validation_failed` at `currentPassword` or `email`
 */
export async function changeEmail(ctx: ServiceContext, input: ChangeEmail): Promise<MailSent> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  const account = await requirePresentPassword(ctx, input.currentPassword);
  if (keyOf(input.email) === keyOf(account.email))
    throw errors.validation_failed({ field: ['email'], message: 'This is your address already.' });
  return requestMail(ctx, input.email, (unit) => insertChange(unit, userId, account, input.email));
}

async function insertChange(
  unit: Unit,
  userId: string,
  from: { email: string; emailVerifiedAt: string | null },
  toEmail: string,
): Promise<void> {
  const { now } = unit;
  await lockUser(unit, userId);
  await unit.update(EmailChangeEntity, { userId, status: 'pending' }, { status: 'replaced' });
  const changeId = uuidv7();
  await unit.insert(EmailChangeEntity, {
    id: changeId,
    userId,
    fromEmail: from.email,
    fromEmailKey: keyOf(from.email),
    toEmail,
    status: 'pending',
    expiresAt: new Date(now.getTime() + confirmMs),
    // An address that was never verified may belong to a stranger.
    undoUntil: from.emailVerifiedAt === null ? null : new Date(now.getTime() + undoMs),
    createdAt: now,
  });
  await enqueue(unit, mailJob, { template: 'confirm_email', changeId });
  await enqueue(unit, mailJob, { template: 'undo_email', changeId });
  const data = { to: toEmail, address: unit.ctx.address };
  await recordEvents(unit, userEvents.email_change_requested.about(userId, { data, actorId: userId }));
}

/** Reads the change that a token is about, and locks its user. @throws `validation_failed` at `token` */
async function lockChange(unit: Unit, purpose: 'confirm-email' | 'undo-email', token: string) {
  const claim = readAccountToken(token);
  const proven = provesAccount(unit.ctx.settings, purpose, claim, changeSubject(claim.id), unit.now);
  const known = proven && (await findRow(unit.db, EmailChangeEntity, { id: claim.id }));
  if (!known) throw invalidToken();
  const user = await lockUser(unit, known.userId, invalidToken);
  // Read it again under the lock of its user, which everything that changes it takes first.
  const change = await findRow(unit.db, EmailChangeEntity, { id: claim.id });
  if (!change || !user.isActive) throw invalidToken();
  return { user, change };
}

/** Gives a user an address that they have just verified. @throws `email_taken` */
async function moveTo(
  unit: Unit,
  user: Awaited<ReturnType<typeof lockUser>>,
  email: string,
  record: (about: { changes: { email: { from: string; to: string } }; actorId: string }) => NewEvent,
): Promise<User> {
  const { id: actorId, email: from } = user;
  const changed = users.change(unit, user, { email, emailVerifiedAt: unit.now.toISOString() });
  const { after } = await changed.catch(ifTaken(userErrors.email_taken));
  await recordEvents(unit, record({ changes: { email: { from, to: email } }, actorId }));
  return users.show(after);
}

/**
 * Changes the address of an account to the new one, which the token from the mail verifies.
 * @throws `validation_failed` at `token`, `email_taken`
 */
export async function confirmEmail(ctx: ServiceContext, { token }: EmailToken): Promise<{ user: User }> {
  return writeThroughIdentityDoor(ctx, async (unit) => {
    const { user, change } = await lockChange(unit, 'confirm-email', token);
    if (change.status !== 'pending' || user.emailKey !== change.fromEmailKey) throw invalidToken();
    if (await isKept(unit.db, keyOf(change.toEmail), unit.now)) await refuseOthers(unit, user.id, change.toEmail);
    await unit.update(EmailChangeEntity, { id: change.id }, { status: 'confirmed' });
    const data = { address: ctx.address };
    const event = userEvents.email_changed;
    return { user: await moveTo(unit, user, change.toEmail, (about) => event.about(user.id, { ...about, data })) };
  });
}

/** Lets only a previous owner take a reserved address. @throws `email_taken` */
async function refuseOthers(unit: Unit, userId: string, email: string): Promise<void> {
  const own = await findRow(unit.db, EmailChangeEntity, { userId, fromEmailKey: keyOf(email) });
  if (!own) throw userErrors.email_taken();
}

/**
 * Gives an account its old address back, by a token from a mail to that address. Somebody else knew the password: it is deleted,
 * every session ends, and a mail lets the owner set a new password. What was added to the account since the change is disabled, and
 * a mail lists it. Later changes of the address are undone too.
 * @throws `validation_failed` at `token`, `email_taken`
 */
export async function undoEmailChange(ctx: ServiceContext, { token }: EmailToken): Promise<{ user: User }> {
  return writeThroughIdentityDoor(ctx, async (unit) => {
    const { user, change } = await lockChange(unit, 'undo-email', token);
    if (change.undoUntil === null || change.status === 'undone') throw invalidToken();
    await unit.db
      .updateTable('email_changes')
      .set({ status: 'undone' })
      .where('user_id', '=', user.id)
      .where(sql<boolean>`created_at >= ${new Date(change.createdAt)}`)
      .execute();
    const disabled = await disableAdditions(unit, user.id, new Date(change.createdAt));
    const data = { address: ctx.address, disabled };
    const event = userEvents.email_change_undone;
    const moved = await moveTo(unit, user, change.fromEmail, (about) => event.about(user.id, { ...about, data }));
    await unit.delete(CredentialEntity, { userId: user.id });
    await endSessionsOf(unit, user.id, 'email_change_undone');
    await enqueue(unit, mailJob, { template: 'email_change_undone', userId: user.id, disabled });
    await enqueue(unit, mailJob, { template: 'reset_password', email: change.fromEmail });
    return { user: moved };
  });
}
