import { z } from 'zod';
import { defineEvents, event } from '../activity/index.ts';

const sessionEnds = [
  'logout',
  'logout_all',
  'ended_by_user',
  'refresh_token_reused',
  'too_many',
  'password_changed',
  'password_reset',
  'email_change_undone',
  'deactivated',
  'ended_by_administrator',
  'second_factor_reset',
  'ended_by_issuer',
  'issuer_removed',
  'identity_unlinked',
] as const;
/** Why a session ended. */
export type SessionEnd = (typeof sessionEnds)[number];

export const sessionEvents = defineEvents(
  'session',
  {
    ended: event({
      data: { userId: z.uuid(), reason: z.enum(sessionEnds) },
      summary: ({ data }) => `A session ended: ${data.reason.replaceAll('_', ' ')}`,
    }),
  },
  'instance',
);
