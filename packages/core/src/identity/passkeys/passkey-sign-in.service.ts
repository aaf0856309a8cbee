import { recordEvents } from '../../activity/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor, writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { findRow } from '../../database/rows.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import type { DomainError } from '../../kernel/errors.ts';
import { loginErrors } from '../login.service.ts';
import {
  type Challenge,
  challengeMs,
  countWrongAnswer,
  findChallenge,
  openChallenge,
  takeChallenge,
} from '../second-factor/challenge.ts';
import { lockForSignIn, type OpenSession, startSession } from '../session.service.ts';
import { addressBudgets, attempt } from '../throttle.ts';
import type { SignInTransport } from '../transport.ts';
import { userEvents } from '../user.events.ts';
import { PasskeyEntity } from './passkey.entity.ts';
import { credentialsOf } from './passkey.queries.ts';
import { passkeyErrors } from './passkey.record.ts';
import type {
  AuthenticationResponse,
  PasskeySignIn,
  PasskeySignInStart,
  PasskeySignInStarted,
} from './passkey.schema.ts';
import { challengeOf, relyingPartyOf, userHandleOf } from './relying-party.ts';

/**
 * Starts a sign-in with a passkey. The authenticator will say who the user is. With the challenge of a login that asks for a second
 * factor, it answers which passkeys are allowed.
 * @throws `invalid_challenge`, `rate_limited`
 */
export async function startPasskeySignIn(
  ctx: ServiceContext,
  { challengeToken }: PasskeySignInStart,
): Promise<PasskeySignInStarted> {
  const { token, expiresAt, userId } =
    challengeToken === undefined
      ? await openPasskeyChallenge(ctx)
      : await findChallenge(ctx, challengeToken, 'second_factor');
  return {
    challengeToken: token,
    expiresAt,
    options: {
      challenge: challengeOf(token),
      rpId: relyingPartyOf(ctx.settings).id,
      timeout: challengeMs,
      allowCredentials:
        userId === null
          ? []
          : await readThroughIdentityDoor(ctx.database, (db) => credentialsOf(db, userId, 'working')),
      userVerification: 'required',
    },
  };
}

async function openPasskeyChallenge(ctx: ServiceContext): Promise<Challenge> {
  await attempt(ctx, addressBudgets(ctx, 'passkey'));
  return writeThroughIdentityDoor(ctx, (unit) => openChallenge(unit, 'passkey_sign_in', null));
}

/** A passkey with a verified answer. */
export interface ProvenPasskey {
  id: string;
  userId: string;
  /** The signature counter before and after. */
  signCount: { from: number; to: number };
  isBackedUp: boolean;
}

const findPasskey = (ctx: ServiceContext, credentialId: string) =>
  readThroughIdentityDoor(ctx.database, (db) =>
    db
      .selectFrom('passkeys')
      .innerJoin('users', 'users.id', 'passkeys.user_id')
      .select([
        'passkeys.id',
        'passkeys.user_id as userId',
        'passkeys.public_key as publicKey',
        'passkeys.sign_count as signCount',
        'users.email_verified_at as emailVerifiedAt',
      ])
      .where('passkeys.credential_id', '=', credentialId)
      .where('passkeys.disabled_at', 'is', null)
      .executeTakeFirst(),
  );

/** Records a wrong answer and makes the error to throw. Too many end the challenge: each costs a verification and an event. */
async function refused(
  ctx: ServiceContext,
  challenge: Challenge,
  passkey: { id: string; userId: string } | undefined,
): Promise<DomainError> {
  await writeThroughIdentityDoor(ctx, async (unit) => {
    await countWrongAnswer(unit, challenge);
    if (!passkey) return;
    const data = { passkeyId: passkey.id, address: ctx.address };
    await recordEvents(unit, userEvents.passkey_failed.about(passkey.userId, { data, actorId: null }));
  });
  return passkeyErrors.passkey_failed();
}

/**
 * Verifies the answer of an authenticator to a challenge: site, key, signature, counter, and that the authenticator verified its
 * user. Call it outside of any transaction. The signature is verified off the event loop.
 * @throws `passkey_failed`, `email_not_verified`
 */
export async function verifyPasskey(
  ctx: ServiceContext,
  challenge: Challenge,
  response: AuthenticationResponse,
): Promise<ProvenPasskey> {
  const by = challenge.userId;
  const passkey = await findPasskey(ctx, response.id);
  if (!passkey) throw await refused(ctx, challenge, passkey);
  const { id, userId, signCount: from } = passkey;
  const { clientDataJSON, authenticatorData, signature, userHandle } = response.response;
  const party = relyingPartyOf(ctx.settings);
  // If the user is not known yet, the passkey itself must name them.
  const isTheirs = by === null ? userHandle === userHandleOf(userId) : by === userId;
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
  const verified = isTheirs
    ? await verifyAuthenticationResponse({
        response: {
          ...response,
          response: { clientDataJSON, authenticatorData, signature },
          clientExtensionResults: {},
        },
        expectedChallenge: challengeOf(challenge.token),
        expectedOrigin: party.origins,
        expectedRPID: party.id,
        requireUserVerification: true,
        credential: { id: response.id, publicKey: Buffer.from(passkey.publicKey, 'base64url'), counter: from },
      }).catch(() => null)
    : null;
  if (!verified?.verified) throw await refused(ctx, challenge, passkey);
  if (ctx.settings.requireVerifiedEmail && passkey.emailVerifiedAt === null) throw loginErrors.email_not_verified();
  const { newCounter: to, credentialBackedUp: isBackedUp } = verified.authenticationInfo;
  return { id, userId, signCount: { from, to }, isBackedUp };
}

/** Records the use of a passkey. @throws `passkey_failed` when it was deleted, disabled, or used elsewhere at the same time */
export async function spendPasskey(unit: Unit, { id, signCount, isBackedUp }: ProvenPasskey): Promise<void> {
  const used = { signCount: signCount.to, isBackedUp, lastUsedAt: unit.now };
  if ((await unit.update(PasskeyEntity, { id, signCount: signCount.from }, used)) === 0)
    throw passkeyErrors.passkey_failed();
  // The row is locked now. It may have been disabled since its answer was verified.
  const passkey = await findRow(unit.db, PasskeyEntity, { id });
  if (passkey?.disabledAt !== null) throw passkeyErrors.passkey_failed();
}

/** A verified sign-in with a passkey. */
export interface PasskeyLogin {
  challenge: Challenge;
  passkey: ProvenPasskey;
}

/** Verifies a sign-in with a passkey. @throws `invalid_challenge`, `passkey_failed`, `email_not_verified` */
export async function provePasskeyLogin(ctx: ServiceContext, input: PasskeySignIn): Promise<PasskeyLogin> {
  const { challengeToken, response } = input;
  const challenge = await findChallenge(ctx, challengeToken, 'passkey_sign_in');
  return { challenge, passkey: await verifyPasskey(ctx, challenge, response) };
}

/**
 * Starts the session of a verified passkey. It needs no second factor, because the authenticator verified its user. Runs behind the
 * identity door.
 * @throws `invalid_challenge`, `passkey_failed` also when the account is not active
 */
export async function openPasskeyLogin(
  unit: Unit,
  { challenge, passkey }: PasskeyLogin,
  session: { deviceId: string | null; organizationId: string | null },
  transport: SignInTransport,
): Promise<OpenSession> {
  const { userId } = passkey;
  await takeChallenge(unit, challenge);
  // Lock the user first, as everything that changes an account does.
  if (!(await lockForSignIn(unit, userId))) throw passkeyErrors.passkey_failed();
  await spendPasskey(unit, passkey);
  return startSession(unit, { userId, ...session }, transport);
}
