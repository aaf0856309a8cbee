import { defineEntity, p } from '@mikro-orm/core';
import { id, instant } from '../../database/columns.ts';
import type { Columns } from '../../database/schema.ts';
import { defineTable } from '../../database/table.ts';
import { ownedByUser } from '../user.entity.ts';

/** Half a sign-in: what somebody has begun, and must finish within minutes, once. */
export const SignInChallengeEntity = defineEntity({
  name: 'SignInChallenge',
  tableName: 'sign_in_challenges',
  properties: {
    /** SHA-256 of the token that its holder brings back, base64url. */
    tokenHash: p.string().primary(),
    purpose: p.string(),
    /** Null before anybody has said who they are. */
    userId: id().nullable(),
    /** SHA-256 of the password's hash that was proven: another password since then makes it worthless. */
    proof: p.string().nullable(),
    wrongAnswers: p.integer(),
    createdAt: instant(),
    expiresAt: instant(),
  },
  indexes: [{ properties: ['userId'] }, { properties: ['expiresAt'] }],
});

declare module '../../database/schema.ts' {
  interface Tables {
    sign_in_challenges: Columns<typeof SignInChallengeEntity>;
  }
}

export const signInChallengeTable = defineTable(SignInChallengeEntity, { ...ownedByUser, kind: 'system' });
