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
  },
});

/** What the challenge finishes. */
export type ChallengePurpose = 'second_factor' | 'passkey_registration' | 'passkey_sign_in';

const lifetimeMs = 5 * 60_000;

/** After this many wrong answers the user must start again with the password. */
const mostWrongAnswers = 5;

interface NewChallenge {
  purpose: ChallengePurpose;
  userId: string | null;
  proof?: string;
}

/** The token that the client sends back. It is in plain text only here. */
export interface OpenChallenge {
  token: string;
  expiresAt: Date;
}

export async function openChallenge(unit: Unit, { purpose, userId, proof }: NewChallenge): Promise<OpenChallenge> {
  const token = newSecret();
  const expiresAt = new Date(unit.now.getTime() + lifetimeMs);
  await unit.insert(SignInChallengeEntity, {
    tokenHash: hashOf(token),
    purpose,
    userId,
    proof: proof ?? null,
    wrongAnswers: 0,
    createdAt: unit.now,
    expiresAt,
  });
  return { token, expiresAt };
}

/** A challenge that can still be answered, with the token that the client sent back. */
export type Challenge = Row<typeof SignInChallengeEntity> & { token: string };

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
  await db
    .updateTable('sign_in_challenges')
    .set({ wrong_answers: sql<number>`wrong_answers + 1` })
    .where('token_hash', '=', tokenHash)
    .execute();
  await db
    .deleteFrom('sign_in_challenges')
    .where('token_hash', '=', tokenHash)
    .where('wrong_answers', '>=', mostWrongAnswers)
    .execute();
}
