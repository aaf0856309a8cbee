import { z } from 'zod';
import { secret } from '../../kernel/redaction.ts';
import { id, input, instantOut, listInput, output } from '../../kernel/schemas.ts';
import { line, text } from '../../kernel/text.ts';
import { identityProof } from '../second-factor/identity-proof.schema.ts';
import { sessionFields } from '../session.schema.ts';

export const Passkey = z
  .object({
    id: z.uuid(),
    name: z.string().describe('What you call it.'),
    isBackedUp: z.boolean().describe('Whether it is kept in more than one device.'),
    createdAt: instantOut(),
    lastUsedAt: instantOut().nullable().describe('When it last signed you in; null is never.'),
    disabledAt: instantOut()
      .nullable()
      .describe(
        'Since when it does not work, because a change of your address was undone that came before it; null: it works.',
      ),
  })
  .meta({ id: 'Passkey', description: 'A key on a device by which one signs in without a password.' });
export type Passkey = z.output<typeof Passkey>;

export const PasskeyListInput = z.strictObject(listInput(Passkey, 'createdAt'));
export type PasskeyListInput = z.output<typeof PasskeyListInput>;

export const PasskeyUpdate = input('PasskeyUpdate', { id: id(), name: line(100).describe('What you call it.') });
export type PasskeyUpdate = z.output<typeof PasskeyUpdate>;

export const PasskeyEnable = input('PasskeyEnable', { passkeyId: id(), ...identityProof });
export type PasskeyEnable = z.output<typeof PasskeyEnable>;

const credentialType = () => z.literal('public-key').describe('Always `public-key`.');

const credential = z.object({
  id: z.string().describe('The id of the credential, base64url.'),
  type: credentialType(),
  transports: z.array(z.string()).describe('How the browser may reach the authenticator.'),
});

const challenge = {
  challengeToken: secret(z.string()).describe('To be sent back with the answer of the authenticator; good once.'),
  expiresAt: instantOut().describe('When the challenge ends.'),
};

const challengeOption = () => z.string().describe('What the authenticator signs, base64url.');
const timeoutOption = () => z.number().int().describe('How long the browser waits, in milliseconds.');
const userVerification = () =>
  z.literal('required').describe('Always `required`: the authenticator asks for a PIN or a fingerprint.');

export const PasskeyStart = input('PasskeyStart', identityProof);

export const PasskeyStarted = output('PasskeyStarted', {
  ...challenge,
  options: z
    .object({
      rp: z
        .object({
          id: z.string().describe('The domain for which the passkey is valid.'),
          name: z.string().describe('The name of the installation.'),
        })
        .describe('This installation, the relying party.'),
      user: z
        .object({
          id: z.string().describe('The id of the user for authenticators, base64url.'),
          name: z.string().describe('The e-mail address.'),
          displayName: z.string().describe('The name that the authenticator shows.'),
        })
        .describe('Whose passkey it is.'),
      challenge: challengeOption(),
      pubKeyCredParams: z
        .array(
          z.object({ type: credentialType(), alg: z.number().int().describe('The COSE number of the algorithm.') }),
        )
        .describe('The algorithms that are accepted, the preferred one first.'),
      timeout: timeoutOption(),
      excludeCredentials: z.array(credential).describe('The passkeys that the user has already.'),
      authenticatorSelection: z
        .object({
          residentKey: z.literal('required').describe('Always `required`: the key must be discoverable.'),
          requireResidentKey: z.literal(true).describe('The same for older browsers.'),
          userVerification: userVerification(),
        })
        .describe('What the authenticator must be able to do.'),
      attestation: z.literal('none').describe('Always `none`: nobody asks which device it is.'),
    })
    .describe('For `PublicKeyCredential.parseCreationOptionsFromJSON` and `navigator.credentials.create`.'),
});
export type PasskeyStarted = z.output<typeof PasskeyStarted>;

const bytes = (max: number, what: string) => text(1, max).describe(`${what}, base64url.`);
const clientData = () => bytes(8192, 'What the browser signed, as JSON');

/** Unknown fields are ignored, so that browsers can add new ones. */
const credentialFields = {
  id: bytes(1400, 'The id of the credential'),
  rawId: bytes(1400, 'The same id'),
  type: credentialType(),
};

const RegistrationResponse = z
  .object({
    ...credentialFields,
    response: z
      .object({
        clientDataJSON: clientData(),
        attestationObject: bytes(65_536, 'The new public key and what vouches for it'),
        transports: z.array(text(1, 40)).max(10).optional().describe('How the browser can reach the authenticator.'),
      })
      .describe('The answer of the authenticator.'),
  })
  .describe('The credential that the browser made, as its `toJSON()` answers it.');

/** The answer of an authenticator to `auth.startPasskeySignIn`. */
export const AuthenticationResponse = z
  .object({
    ...credentialFields,
    response: z
      .object({
        clientDataJSON: clientData(),
        authenticatorData: bytes(8192, 'What the authenticator says of itself'),
        signature: bytes(8192, 'The signature'),
        userHandle: bytes(128, 'The id of the user for authenticators').nullish(),
      })
      .describe('The answer of the authenticator.'),
  })
  .meta({ description: 'The credential that the browser got, as its `toJSON()` answers it.' });
export type AuthenticationResponse = z.output<typeof AuthenticationResponse>;

const token = () => secret(text(1, 128));

export const PasskeyAdd = input('PasskeyAdd', {
  challengeToken: token().describe('From auth.startPasskey.'),
  name: line(100).optional().describe('What you call it. `Passkey` when absent.'),
  response: RegistrationResponse,
});
export type PasskeyAdd = z.output<typeof PasskeyAdd>;

export const PasskeySignInStart = input('PasskeySignInStart', {
  challengeToken: token()
    .optional()
    .describe('`challenge.token` of `second_factor_required`, to answer it with a passkey; nothing to sign in by one.'),
});
export type PasskeySignInStart = z.output<typeof PasskeySignInStart>;

export const PasskeySignInStarted = output('PasskeySignInStarted', {
  ...challenge,
  options: z
    .object({
      challenge: challengeOption(),
      rpId: z.string().describe('The domain for which the passkeys are valid.'),
      timeout: timeoutOption(),
      allowCredentials: z.array(credential).describe('The passkeys that may answer; any of the domain when empty.'),
      userVerification: userVerification(),
    })
    .describe('For `PublicKeyCredential.parseRequestOptionsFromJSON` and `navigator.credentials.get`.'),
});
export type PasskeySignInStarted = z.output<typeof PasskeySignInStarted>;

export const PasskeySignIn = input('PasskeySignIn', {
  challengeToken: token().describe('From auth.startPasskeySignIn.'),
  response: AuthenticationResponse,
  ...sessionFields,
});
export type PasskeySignIn = z.output<typeof PasskeySignIn>;
