import { z } from 'zod';
import { secret } from '../kernel/redaction.ts';
import { input, instantOut, listInput, output } from '../kernel/schemas.ts';
import { line, text } from '../kernel/text.ts';

export const deviceId = () =>
  line(200).optional().describe('What the client calls its device, for the list of sessions.');

/** What every sign-in can say about its session and about how it gets the refresh token. */
export const sessionFields = {
  deviceId: deviceId(),
  tokenTransport: z
    .enum(['cookie', 'body'])
    .default('cookie')
    .describe('`body` answers the refresh token and sets no cookie: for clients that are not browsers.'),
};

export const refreshToken = () => secret(text(1, 512)).optional().describe('In place of the cookie; wins over it.');

export const Session = z
  .object({
    id: z.uuid(),
    deviceId: z.string().nullable().describe('What the client calls its device.'),
    userAgent: z.string().nullable().describe('What the client says of itself; null when it says nothing.'),
    address: z.string().nullable().describe('The network address of the login.'),
    limitedToId: z
      .uuid()
      .nullable()
      .describe(
        'The only organization in which the session is valid, as it started at its issuer; null if valid everywhere.',
      ),
    isCurrent: z.boolean().describe('Whether it is the one that asks.'),
    createdAt: instantOut(),
    lastUsedAt: instantOut().describe('When its tokens were refreshed last.'),
    expiresAt: instantOut().describe('When it ends unless it is refreshed before.'),
  })
  .meta({ id: 'Session', description: 'One sign-in on one device.' });
export type Session = z.output<typeof Session>;

export const SessionListInput = z.strictObject(listInput(Session, 'createdAt', 'lastUsedAt'));
export type SessionListInput = z.output<typeof SessionListInput>;

export const LogoutAll = input('LogoutAll', {
  keepCurrent: z
    .boolean()
    .default(false)
    .describe('Whether the current session stays active, so that only the others end.'),
});
export type LogoutAll = z.output<typeof LogoutAll>;

export const SessionsEnded = output('SessionsEnded', { ended: z.number().int().describe('How many sessions ended.') });
export type SessionsEnded = z.output<typeof SessionsEnded>;
