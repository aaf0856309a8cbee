import { z } from 'zod';
import { secret } from '../../kernel/redaction.ts';
import { id, input, output } from '../../kernel/schemas.ts';
import { text } from '../../kernel/text.ts';
import { identityProof } from '../second-factor/identity-proof.schema.ts';
import { deviceId, refreshToken } from '../session.schema.ts';

const OidcIssuerListed = z
  .object({
    id: z.string().describe('What to give `auth.startOidc` as `issuer`.'),
    name: z.string().describe('For the button.'),
    issuer: z.string().describe('The issuer identifier, a URL.'),
  })
  .meta({ id: 'OidcIssuer', description: 'Where people can sign in with OpenID Connect.' });

export const OidcIssuerList = output('OidcIssuerList', { data: z.array(OidcIssuerListed).describe('All issuers.') });
export type OidcIssuerList = z.output<typeof OidcIssuerList>;

export const OidcIssuerListInput = z.strictObject({
  organization: id().optional().describe('The id of an organization, whose own issuers are listed beside.'),
});
export type OidcIssuerListInput = z.output<typeof OidcIssuerListInput>;

/** A path or a URL. The service checks that it leads to this server or to an allowed origin. */
const redirectTo = () => text(1, 2048).meta({ pattern: String.raw`^(/([^/\\\s]\S*)?|https?://\S+)$` });

export const OidcStart = input('OidcStart', {
  issuer: text(1, 64).describe('The id of one of `auth.listOidcIssuers`.'),
  redirectTo: redirectTo()
    .default('/')
    .describe(
      'Where the browser goes in the end: a path, or a URL of this server or of an allowed origin; with `tokenTransport: "body"` also a loopback address.',
    ),
  deviceId: deviceId(),
  tokenTransport: z
    .enum(['cookie', 'body'])
    .default('cookie')
    .describe(
      '`cookie`: the browser comes back signed in. `body`, for clients that are not pages of this site: it comes back with `code` and `state` for `auth.finishOidc`.',
    ),
});
export type OidcStart = z.output<typeof OidcStart>;

export const OidcLink = OidcStart.omit({ deviceId: true }).extend(identityProof).meta({ id: 'OidcLink' });
export type OidcLink = z.output<typeof OidcLink>;

export const OidcLinked = output('OidcLinked', { status: z.literal('linked').describe('Always `linked`.') });
export type OidcLinked = z.output<typeof OidcLinked>;

export const OidcStarted = output('OidcStarted', {
  authorizationUrl: secret(z.string()).describe('Where to send the browser.'),
  expiresIn: z.number().int().describe('Seconds in which the sign-in has to be finished.'),
  binding: secret(z.string())
    .optional()
    .describe('Only with `tokenTransport: "body"`: keep it secret, and give it to `auth.finishOidc`.'),
});
export type OidcStarted = z.output<typeof OidcStarted>;

export const OidcFinish = input('OidcFinish', {
  state: secret(text(1, 512)).describe('What the browser came back with.'),
  binding: secret(text(1, 512)).describe('From `auth.startOidc`.'),
  code: secret(text(1, 4096)).describe('What the browser came back with.'),
  iss: text(1, 2048).optional().describe('The issuer, when the browser came back with it.'),
});
export type OidcFinish = z.output<typeof OidcFinish>;

/** What an issuer sends the browser back with. Not strict: issuers may add parameters of their own. */
export const OidcCallback = z.object({
  state: secret(text(1, 512)).describe('From `auth.startOidc`.'),
  code: secret(text(1, 4096)).optional().describe('Absent when the issuer refused.'),
  iss: text(1, 2048).optional().describe('The issuer, by RFC 9207.'),
  error: text(1, 512).optional().describe('Why the issuer refused.'),
});

const atProvider = { provider: id().describe('The id of the identity provider.') };

export const OidcProviderCallback = OidcCallback.extend(atProvider);

/** OpenID Connect Back-Channel Logout 1.0, section 2.5. Not strict: issuers may add parameters of their own. */
export const OidcBackChannelLogout = z.object({
  logout_token: secret(text(1, 16_384)).describe('A JWT that names the session that ended, or its subject.'),
});

export const OidcProviderBackChannelLogout = OidcBackChannelLogout.extend(atProvider);

export const OidcLogout = input('OidcLogout', {
  refreshToken: refreshToken(),
  redirectTo: redirectTo()
    .default('/')
    .describe('Where the issuer sends the browser in the end; as in `auth.startOidc`.'),
});
export type OidcLogout = z.output<typeof OidcLogout>;

export const OidcLoggedOut = output('OidcLoggedOut', {
  logoutUrl: z
    .string()
    .nullable()
    .describe('Where to send the browser to sign out at the issuer too; null when there is nothing to do there.'),
});
export type OidcLoggedOut = z.output<typeof OidcLoggedOut>;
