import { recordEvents } from '../activity/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { isUniqueViolation } from '../database/failures.ts';
import { readThroughIdentityDoor, writeThroughIdentityDoor } from '../database/identity-door.ts';
import type { ReadDoor } from '../database/read-door.ts';
import type { Unit } from '../database/unit-of-work.ts';
import { enqueue } from '../jobs/index.ts';
import { uuidv7 } from '../kernel/ids.ts';
import { invalidToken, provesAccount, readAccountToken } from './account-token.ts';
import type { MailSent, Registration, ResendVerification, VerifyEmail } from './auth.schema.ts';
import { forgetSessionsOf } from './authenticate.ts';
import { CredentialEntity } from './credential.entity.ts';
import { isKept } from './email-change.service.ts';
import { requestMail } from './mail/mail-request.ts';
import { mailJob } from './mail/mail.job.ts';
import { verificationSubject } from './mail/verification.mail.ts';
import { checkPasswordPolicy, hashPassword } from './passwords.ts';
import { addressBudgets, attempt } from './throttle.ts';
import { UserEntity } from './user.entity.ts';
import { getUser } from './user.queries.ts';
import type { User } from './user.schema.ts';
import { keyOf, nameKeyOf, userErrors } from './user.service.ts';

interface Names {
  emailKey: string;
  usernameKey: string | null;
}

const namesOf = (input: Registration): Names => ({
  emailKey: keyOf(input.email),
  usernameKey: input.username === undefined ? null : keyOf(input.username),
});

/** @throws `email_taken`, `username_taken` */
async function refuseTakenNames(db: ReadDoor, { emailKey, usernameKey }: Names, now: Date): Promise<void> {
  const taken = await db
    .selectFrom('users')
    .select(['email_key', 'username_key'])
    .where((eb) =>
      eb.or([eb('email_key', '=', emailKey), ...(usernameKey === null ? [] : [eb('username_key', '=', usernameKey)])]),
    )
    .execute();
  if (taken.some((user) => user.email_key === emailKey)) throw userErrors.email_taken();
  if (taken.length > 0) throw userErrors.username_taken();
  if (await isKept(db, emailKey, now)) throw userErrors.email_taken();
}

/** Creates a user inside a larger transaction. Pass `proven` when the way they came already verifies their address. */
export type CreateUser = (unit: Unit, address?: 'unproven' | 'proven') => Promise<User>;

/**
 * Registers a person. It checks the input and hashes the password, then runs `work` in one transaction behind the identity door.
 * `work` gets a function that creates the user and enqueues the verification mail, unless the address is already verified.
 * @throws `validation_failed` for a password that the policy refuses, `email_taken`, `username_taken`, `rate_limited`
 */
export async function registerUser<T>(
  ctx: ServiceContext,
  input: Registration,
  work: (unit: Unit, create: CreateUser) => Promise<T>,
): Promise<T> {
  const { email, password, username = null, fullName = null, timezone = 'UTC' } = input;
  checkPasswordPolicy(ctx.settings, password, { email, username });
  await attempt(ctx, addressBudgets(ctx, 'register'));
  const names = namesOf(input);
  await readThroughIdentityDoor(ctx.database, (db) => refuseTakenNames(db, names, ctx.clock.now()));
  const passwordHash = await hashPassword(password);

  const create: CreateUser = async (unit, address = 'unproven') => {
    const { now } = unit;
    const id = uuidv7();
    await unit.insert(UserEntity, {
      id,
      kind: 'person',
      ...names,
      email,
      emailVerifiedAt: address === 'proven' ? now : null,
      username,
      fullName,
      nameKey: nameKeyOf(fullName),
      locale: 'en',
      timezone,
      isActive: true,
      createdAt: now,
      updatedAt: now,
    });
    await unit.insert(CredentialEntity, { userId: id, passwordHash, updatedAt: now });
    const told = { entity: { type: 'user', id }, actorId: id, organizationId: null };
    await recordEvents(unit, { type: 'user.registered', ...told });
    if (address === 'proven') await recordEvents(unit, { type: 'user.email_verified', ...told });
    else await enqueue(unit, mailJob, { template: 'verify_email', email });
    return getUser(unit.db, id);
  };

  return writeThroughIdentityDoor(ctx, (unit) => work(unit, create)).catch(async (error: unknown) => {
    // Another registration may have taken the name since the check.
    if (isUniqueViolation(error))
      await readThroughIdentityDoor(ctx.database, (db) => refuseTakenNames(db, names, ctx.clock.now()));
    throw error;
  });
}

/**
 * Verifies the address of a user by a token from the mail. Each token works once.
 * @throws `validation_failed` at `token`
 */
export async function verifyEmail(ctx: ServiceContext, input: VerifyEmail): Promise<{ user: User }> {
  const claim = readAccountToken(input.token);
  if (!claim) throw invalidToken();
  return writeThroughIdentityDoor(ctx, async (unit) => {
    const user = await unit.load(UserEntity, { id: claim.id }, invalidToken);
    const proven = provesAccount(ctx.settings, 'verify-email', claim, verificationSubject(user), unit.now);
    if (!proven || !user.isActive || user.emailVerifiedAt != null) throw invalidToken();
    user.emailVerifiedAt = unit.now;
    user.updatedAt = unit.now;
    await unit.em.flush();
    await recordEvents(unit, {
      type: 'user.email_verified',
      entity: { type: 'user', id: user.id },
      actorId: user.id,
      organizationId: null,
    });
    unit.afterCommit(() => forgetSessionsOf(ctx.database, user.id));
    return { user: await getUser(unit.db, user.id) };
  });
}

/** Asks for another verification mail. @throws `rate_limited` */
export const resendVerification = (ctx: ServiceContext, { email }: ResendVerification): Promise<MailSent> =>
  requestMail(ctx, email, (unit) => enqueue(unit, mailJob, { template: 'verify_email', email }));
