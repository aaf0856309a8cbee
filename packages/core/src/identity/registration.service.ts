import { recordEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { isUniqueViolation } from '../database/failures.ts';
import { readThroughIdentityDoor, writeThroughIdentityDoor } from '../database/identity-door.ts';
import { findRow } from '../database/rows.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { enqueue } from '../jobs/index.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { keyOf } from '../kernel/text.ts';
import { invalidToken, provesAccount, readAccountToken } from './account-token.ts';
import type { MailSent, Registration, ResendVerification, VerifyEmail } from './auth.schema.ts';
import { CredentialEntity } from './credential.entity.ts';
import { isKept } from './email-change.service.ts';
import { requestMail } from './mail/mail-request.ts';
import { mailJob } from './mail/mail.job.ts';
import { verificationSubject } from './mail/account.mails.ts';
import { checkPasswordPolicy, hashPassword } from './passwords.ts';
import { addressBudgets, attempt } from './throttle.ts';
import { UserEntity } from './user.entity.ts';
import { userEvents } from './user.events.ts';
import { lockUser, userErrors, users } from './user.record.ts';
import type { User } from './user.schema.ts';

/** @throws `email_taken`, `username_taken` */
const refuseTakenNames = (ctx: ServiceContext, { email, username }: Registration): Promise<void> =>
  readThroughIdentityDoor(ctx.database, async (db) => {
    const emailKey = keyOf(email);
    if (await findRow(db, UserEntity, { emailKey })) throw userErrors.email_taken();
    if (username !== undefined && (await findRow(db, UserEntity, { usernameKey: keyOf(username) })))
      throw userErrors.username_taken();
    if (await isKept(db, emailKey, ctx.clock.now())) throw userErrors.email_taken();
  });

type Address = 'unproven' | 'proven';

/** By what a person comes: by themselves, by the mail of an invitation, or from the issuer of an organization, which decides who may. */
export type ComesBy = 'themselves' | 'invitation' | 'organization';

const invitedOnly =
  'Only people who were invited may create an account here: ask an administrator of your organization for an invitation.';

/** @throws `sign_up_closed` when the installation lets nobody create an account in this way */
export function requireSignUp({ settings: { signUp = 'open' } }: ServiceContext, by: ComesBy): void {
  if (signUp === 'closed') throw userErrors.sign_up_closed();
  if (signUp === 'invite' && by === 'themselves') throw userErrors.sign_up_closed({ message: invitedOnly });
}

/** Adds a person, who can sign in only when something else is added too. Sends a mail to an address that is not proven. */
export async function addPerson(
  unit: Unit,
  person: Pick<User, 'email' | 'username' | 'fullName' | 'locale' | 'timezone'>,
  address: Address,
  data: { issuer?: string } = {},
): Promise<User> {
  const id = uuidv7();
  const verified = address === 'proven' ? userEvents.email_verified : null;
  const user = await users.add(
    unit,
    { ...person, id, kind: 'person', isActive: true, emailVerifiedAt: verified && unit.now },
    { event: userEvents.registered, data, actorId: id },
  );
  if (verified) await recordEvents(unit, verified.about(id, { data, actorId: id }));
  else await enqueue(unit, mailJob, { template: 'verify_email', email: person.email });
  return users.show(user);
}

/** Creates a user inside a larger transaction. Pass `proven` when the way they came already verifies their address. */
export type CreateUser = (unit: Unit, address?: Address) => Promise<User>;

/**
 * Registers a person. It checks the input and hashes the password, then runs `work` in one transaction behind the identity door.
 * `work` gets a function that creates the user and enqueues the verification mail, unless the address is already verified.
 * @throws `sign_up_closed`, `validation_failed` for a password that the policy refuses, `email_taken`, `username_taken`, `rate_limited`
 */
export async function registerUser<T>(
  ctx: ServiceContext,
  input: Registration,
  by: ComesBy,
  work: (unit: Unit, create: CreateUser) => Promise<T>,
): Promise<T> {
  requireSignUp(ctx, by);
  const { email, password, username = null, fullName = null, timezone = 'UTC' } = input;
  checkPasswordPolicy(ctx.settings, password, { email, username });
  await attempt(ctx, addressBudgets(ctx, 'register'));
  await refuseTakenNames(ctx, input);
  const passwordHash = await hashPassword(password);

  const create: CreateUser = async (unit, address = 'unproven') => {
    const user = await addPerson(unit, { email, username, fullName, locale: 'en', timezone }, address);
    await unit.insert(CredentialEntity, { userId: user.id, passwordHash, updatedAt: unit.now });
    return user;
  };
  return writeThroughIdentityDoor(ctx, (unit) => work(unit, create)).catch(async (error: unknown) => {
    // Another registration may have taken the name since the check.
    if (isUniqueViolation(error)) await refuseTakenNames(ctx, input);
    throw error;
  });
}

/**
 * Verifies the address of a user by a token from the mail. Each token works once.
 * @throws `validation_failed` at `token`
 */
export async function verifyEmail(ctx: ServiceContext, input: VerifyEmail): Promise<{ user: User }> {
  const claim = readAccountToken(input.token);
  return writeThroughIdentityDoor(ctx, async (unit) => {
    const user = await lockUser(unit, claim.id, invalidToken);
    const proven = provesAccount(ctx.settings, 'verify-email', claim, verificationSubject(user), unit.now);
    if (!proven || !user.isActive || user.emailVerifiedAt !== null) throw invalidToken();
    const emailVerifiedAt = unit.now.toISOString();
    const { email_verified: event } = userEvents;
    const { after } = await users.change(unit, user, { emailVerifiedAt }, { event, actorId: user.id });
    return { user: users.show(after) };
  });
}

/** Asks for another verification mail. @throws `rate_limited` */
export const resendVerification = (ctx: ServiceContext, { email }: ResendVerification): Promise<MailSent> =>
  requestMail(ctx, email, (unit) => enqueue(unit, mailJob, { template: 'verify_email', email }));
