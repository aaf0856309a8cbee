import { z } from 'zod';
import { defineEvents, event } from '../activity/index.ts';
import { UserUpdate } from './user.schema.ts';

const address = z
  .string()
  .nullable()
  .describe('The network address of the request; null when it came over no network.');
const email = z.string();
const passkeyId = z.uuid();
const passkey = { passkeyId, name: z.string().describe('The name of the passkey.') };
const identity = {
  issuer: z.string().describe('The issuer identifier, a URL.'),
  subject: z.string().describe('The user at the issuer.'),
  identityProviderId: z.uuid().nullable().describe('The provider of an organization; null is the installation.'),
};
const issuer = identity.issuer.optional();

export const disabledAddition = z.object({
  kind: z.enum(['passkey', 'identity', 'totp', 'recovery_codes', 'api_key']),
  name: z.string().nullable().describe('The name of a passkey or an API key, the issuer of an identity; else null.'),
});
/** What was added to an account, and disabled when a change of its address was undone. */
export type DisabledAddition = z.output<typeof disabledAddition>;

/** An event without changes: what the actor did. */
const did = <const Data extends z.core.$ZodShape & Record<string, z.ZodType>>(what: string, data: Data) =>
  event({ data, summary: ({ actor }) => `${actor} ${what}` });

/** What happens to an account and to what belongs to it. All events are about the user. */
export const userEvents = defineEvents(
  'user',
  {
    registered: did('registered', { issuer }),
    updated: event({
      changes: UserUpdate.shape,
      summary: ({ actor, changes }) => `${actor} changed ${Object.keys(changes).join(', ')} of their profile`,
    }),
    avatar_changed: did('changed their picture', {}),
    avatar_removed: did('removed their picture', {}),
    activated: did('reactivated a user', {}),
    deactivated: did('deactivated a user', {}),
    instance_admin_granted: event({ summary: () => 'A user became an administrator of the instance' }),
    instance_admin_revoked: event({ summary: () => 'A user is no longer an administrator of the instance' }),

    email_verified: did('verified their e-mail address', { issuer }),
    email_change_requested: did('asked to change their e-mail address', {
      to: email.describe('The new address.'),
      address,
    }),
    email_changed: event({
      data: { address },
      changes: { email },
      summary: ({ actor }) => `${actor} changed their e-mail address`,
    }),
    email_change_undone: event({
      data: { address, disabled: z.array(disabledAddition).describe('What was added since the change.') },
      changes: { email },
      summary: ({ actor }) => `${actor} undid a change of their e-mail address`,
    }),
    password_changed: did('changed their password', {
      by: z.enum(['user', 'mail']).describe('`mail` when a token from a mail set it.'),
      address,
    }),

    signed_in: did('signed in', {
      sessionId: z.uuid(),
      deviceId: z.string().nullable().describe('The name that the client gives its device.'),
      address,
      issuer,
    }),
    sign_in_failed: event({ data: { address }, summary: () => 'A sign-in with a password failed' }),
    second_factor_failed: event({ data: { address }, summary: () => 'A sign-in with a second factor failed' }),
    passkey_failed: event({ data: { passkeyId, address }, summary: () => 'A sign-in with a passkey failed' }),

    totp_enabled: did('set up an authenticator app', {}),
    totp_restored: did('enabled the authenticator app again', {}),
    totp_disabled: did('removed the authenticator app', {}),
    second_factor_reset: event({ summary: () => 'An administrator removed the lost second factor of a user' }),
    recovery_codes_renewed: did('made new recovery codes', {}),
    recovery_code_used: did('used a recovery code', { left: z.int().describe('How many unused codes are left.') }),
    passkey_added: did('added a passkey', passkey),
    passkey_renamed: did('renamed a passkey', passkey),
    passkey_restored: did('enabled a passkey again', passkey),
    passkey_removed: did('removed a passkey', passkey),
    identity_linked: did('linked an identity at an issuer', identity),
    identity_unlinked: did('unlinked an identity at an issuer', identity),
  },
  'instance',
);
