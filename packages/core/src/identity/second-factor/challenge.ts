import { sql } from 'kysely';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { findRow } from '../../database/rows.ts';
import type { Row } from '../../database/schema.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { defineErrors } from '../../kernel/errors.ts';
import { hashOf, newSecret } from '../secret.ts';
import { SignInChallengeEntity } from './challenge.entity.ts';

export const challengeErrors = defineErrors({
  invalid_challenge: {
    kind: 'unauthenticated',
    message: 'Begin again: this challenge is not known, was answered already, or has expired.',
    cause: 'The challenge token is unknown, was answered already, or has expired.',
    remedy: 'Sign in again to get a new challenge.',
  },
});

/** What the challenge finishes. */
export type ChallengePurpose = 'second_factor' | 'passkey_registration' | 'passkey_sign_in';

/** How long a challenge can be answered, and how long a browser waits for the authenticator. */
export const challengeMs = 5 * 60_000;

/** After this many wrong answers the user must start again with the password. */
const mostWrongAnswers = 5;

/** A challenge that can still be answered, with the token that the client sends back. The token is in plain text only here. */
export type Challenge = Row<typeof SignInChallengeEntity> & { token: string };

/**
 * Opens a challenge, for at most five minutes.
 * @param proof SHA-256 of the stored password hash that was verified. @default null, no password was verified
 */
export async function openChallenge(
  unit: Unit,
  purpose: ChallengePurpose,
  userId: string | null,
  proof: string | null = null,
): Promise<Challenge> {
  const token = newSecret();
  const challenge = {
    tokenHash: hashOf(token),
    purpose,
    userId,
    proof,
    wrongAnswers: 0,
    createdAt: unit.now.toISOString(),
    expiresAt: new Date(unit.now.getTime() + challengeMs).toISOString(),
  };
  await unit.insert(SignInChallengeEntity, challenge);
  return { token, ...challenge };
}

const isOver = ({ expiresAt }: { expiresAt: string }, now: Date): boolean => Date.parse(expiresAt) <= now.getTime();

/** Finds a challenge by its token. @throws `invalid_challenge` */
export async function findChallenge(ctx: ServiceContext, token: string, purpose: ChallengePurpose): Promise<Challenge> {
  const found = await readThroughIdentityDoor(ctx.database, (db) =>
    findRow(db, SignInChallengeEntity, { tokenHash: hashOf(token), purpose }),
  );
  if (!found || isOver(found, ctx.clock.now())) throw challengeErrors.invalid_challenge();
  return { token, ...found };
}

/** Consumes an answered challenge. Of two parallel answers, one fails. @throws `invalid_challenge` */
export async function takeChallenge(unit: Unit, challenge: Challenge): Promise<void> {
  const taken = await unit.delete(SignInChallengeEntity, { tokenHash: challenge.tokenHash });
  if (taken === 0 || isOver(challenge, unit.now)) throw challengeErrors.invalid_challenge();
}

/** Counts a wrong answer. Too many end the challenge. */
export async function countWrongAnswer({ db }: Unit, { tokenHash }: Challenge): Promise<void> {
  const counted = await db
    .updateTable('sign_in_challenges')
    .set({ wrong_answers: sql<number>`wrong_answers + 1` })
    .where('token_hash', '=', tokenHash)
    .returning('wrong_answers')
    .executeTakeFirst();
  if (counted && counted.wrong_answers >= mostWrongAnswers)
    await db.deleteFrom('sign_in_challenges').where('token_hash', '=', tokenHash).execute();
}
