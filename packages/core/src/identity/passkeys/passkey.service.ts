import type { ServiceContext } from '../../database/context.ts';
import { ifTaken } from '../../database/failures.ts';
import { writeThroughIdentityDoor } from '../../database/identity-door.ts';
import { read } from '../../database/read-door.ts';
import { mutate } from '../../database/unit-of-work.ts';
import { errors } from '../../kernel/errors.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import type { ById } from '../../kernel/schemas.ts';
import type { CoreSettings } from '../../kernel/settings.ts';
import {
  challengeErrors,
  challengeMs,
  findChallenge,
  openChallenge,
  takeChallenge,
} from '../second-factor/challenge.ts';
import type { IdentityProof } from '../second-factor/identity-proof.schema.ts';
import { proveIdentity } from '../second-factor/proof.ts';
import { requireSignedIn } from '../signed-in.ts';
import { userEvents } from '../user.events.ts';
import { getUser } from '../user.queries.ts';
import { lockUser } from '../user.record.ts';
import { credentialsOf } from './passkey.queries.ts';
import { passkeyErrors, passkeys } from './passkey.record.ts';
import type { Passkey, PasskeyAdd, PasskeyEnable, PasskeyStarted, PasskeyUpdate } from './passkey.schema.ts';
import { challengeOf, relyingPartyOf, userHandleOf } from './relying-party.ts';

/** COSE: EdDSA, ES256, RS256. All three are verified off the event loop. */
const algorithms = [-8, -7, -257];

const mostPasskeys = 20;

/**
 * Starts the registration of a passkey. Answers what the browser asks the authenticator for.
 * @throws `unauthenticated`, `identity_not_proven`, `rate_limited`, `too_many_passkeys`
 */
export async function startPasskey(ctx: ServiceContext, proof: IdentityProof): Promise<PasskeyStarted> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  await proveIdentity(ctx, proof);
  const { user, known } = await read(ctx, async (db) => ({
    user: await getUser(db, userId),
    known: await credentialsOf(db, userId, 'all'),
  }));
  if (known.length >= mostPasskeys) throw passkeyErrors.too_many_passkeys();
  const { token, expiresAt } = await writeThroughIdentityDoor(ctx, (unit) =>
    openChallenge(unit, 'passkey_registration', userId),
  );
  const { id, name } = relyingPartyOf(ctx.settings);
  return {
    challengeToken: token,
    expiresAt,
    options: {
      rp: { id, name },
      user: { id: userHandleOf(userId), name: user.email, displayName: user.fullName ?? user.email },
      challenge: challengeOf(token),
      pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
      timeout: challengeMs,
      excludeCredentials: known,
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
    },
  };
}

/** Verifies the new credential from the authenticator. Call it outside of any transaction, because it verifies signatures. */
async function verifyRegistration(settings: CoreSettings, { challengeToken, response }: PasskeyAdd) {
  const { id, origins } = relyingPartyOf(settings);
  const { clientDataJSON, attestationObject } = response.response;
  const refused = (cause?: unknown) =>
    errors.validation_failed({
      field: ['response'],
      message: 'This passkey was not made for this challenge, on this site, by a verified user.',
      cause,
    });
  // Loaded on first use, because it would add a quarter of a second to every start.
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
  const verified = await verifyRegistrationResponse({
    response: { ...response, response: { clientDataJSON, attestationObject }, clientExtensionResults: {} },
    expectedChallenge: challengeOf(challengeToken),
    expectedOrigin: origins,
    expectedRPID: id,
    supportedAlgorithmIDs: algorithms,
    requireUserVerification: true,
  }).catch((cause: unknown) => {
    throw refused(cause);
  });
  if (!verified.verified) throw refused();
  return verified.registrationInfo;
}

/**
 * Registers a passkey for the signed-in user, from the authenticator's answer to `startPasskey`.
 * @throws `unauthenticated`, `invalid_challenge`, `validation_failed` at `response`, `passkey_taken`, `too_many_passkeys`
 */
export async function addPasskey(ctx: ServiceContext, input: PasskeyAdd): Promise<Passkey> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  const challenge = await findChallenge(ctx, input.challengeToken, 'passkey_registration');
  if (challenge.userId !== userId) throw challengeErrors.invalid_challenge();
  const { credential, credentialBackedUp } = await verifyRegistration(ctx.settings, input);
  return writeThroughIdentityDoor(ctx, async (unit) => {
    await takeChallenge(unit, challenge);
    // The lock makes parallel registrations count each other.
    await lockUser(unit, userId);
    if ((await credentialsOf(unit.db, userId, 'all')).length >= mostPasskeys) throw passkeyErrors.too_many_passkeys();
    const id = uuidv7();
    const passkey = {
      id,
      userId,
      name: input.name ?? 'Passkey',
      credentialId: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      signCount: credential.counter,
      transports: input.response.response.transports ?? [],
      isBackedUp: credentialBackedUp,
    };
    const added = passkeys.add(unit, passkey, { data: { passkeyId: id }, actorId: userId });
    return passkeys.show(await added.catch(ifTaken(passkeyErrors.passkey_taken)));
  });
}

/** Renames a passkey of the signed-in user. @throws `unauthenticated`, `passkey_not_found` */
export async function updatePasskey(ctx: ServiceContext, { id, name }: PasskeyUpdate): Promise<Passkey> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  return mutate(ctx, async (unit) => {
    const passkey = await passkeys.lock(unit, { id, userId });
    const { after } = await passkeys.change(unit, passkey, { name }, { data: { passkeyId: id } });
    return passkeys.show(after);
  });
}

/**
 * Enables a passkey again that was disabled because a change of the address was undone.
 * @throws `unauthenticated`, `identity_not_proven`, `rate_limited`, `passkey_not_found`
 */
export async function enablePasskey(ctx: ServiceContext, { passkeyId, ...proof }: PasskeyEnable): Promise<Passkey> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  await proveIdentity(ctx, proof);
  return mutate(ctx, async (unit) => {
    const passkey = await passkeys.lock(unit, { id: passkeyId, userId });
    if (passkey.disabledAt === null) return passkeys.show(passkey);
    const { passkey_restored: event } = userEvents;
    const { after } = await passkeys.change(
      unit,
      passkey,
      { disabledAt: null },
      { event, data: { passkeyId, name: passkey.name } },
    );
    return passkeys.show(after);
  });
}

/** Deletes a passkey of the signed-in user, so that nobody can sign in with it any more. @throws `unauthenticated`, `passkey_not_found` */
export async function deletePasskey(ctx: ServiceContext, { id }: ById): Promise<void> {
  requireSignedIn(ctx);
  const { userId } = ctx.principal;
  await mutate(ctx, async (unit) => {
    const passkey = await passkeys.lock(unit, { id, userId });
    await passkeys.remove(unit, passkey, { data: { passkeyId: id } });
  });
}
