import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import { defineTable } from '../../database/table.ts';
import { ownedByUser } from '../user.entity.ts';

/** A started sign-in that must be finished within minutes, once. */
export const SignInChallengeEntity = defineEntity({
  name: 'SignInChallenge',
  tableName: 'sign_in_challenges',
  properties: {
    /** SHA-256 of the token that the client sends back, base64url. */
    tokenHash: p.string().primary(),
    purpose: p.string(),
    /** Null when the user is not known yet. */
    userId: id().nullable(),
    /** SHA-256 of the stored password hash that was verified. A change of the password makes the challenge invalid. */
    proof: p.string().nullable(),
    wrongAnswers: p.integer(),
    createdAt: instant(),
    expiresAt: instant(),
  },
  indexes: [{ properties: ['userId'] }, { properties: ['expiresAt'] }],
});

export const signInChallengeTable = defineTable(SignInChallengeEntity, { ...ownedByUser, kind: 'system' });
