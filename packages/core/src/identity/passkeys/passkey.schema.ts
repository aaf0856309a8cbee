import { z } from 'zod';
import { secret } from '../../kernel/redaction.ts';
import { id, input, instantOut, listInput, output } from '../../kernel/schemas.ts';
import { line, text } from '../../kernel/text.ts';
import { identityProof } from '../second-factor/identity-proof.schema.ts';
import { sessionFields } from '../session.schema.ts';

export const Passkey = z
  .object({
    id: z.uuid(),
    name: z.string(),
    isBackedUp: z.boolean().describe('Whether it is kept in more than one device.'),
    createdAt: instantOut(),
    lastUsedAt: instantOut().nullable(),
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

export const PasskeyUpdate = input('PasskeyUpdate', { id: id(), name: line(100) });
export type PasskeyUpdate = z.output<typeof PasskeyUpdate>;

export const PasskeyEnable = input('PasskeyEnable', { id: id(), ...identityProof });
export type PasskeyEnable = z.output<typeof PasskeyEnable>;

const credential = z.object({ id: z.string(), type: z.literal('public-key'), transports: z.array(z.string()) });

const challenge = {
  challengeToken: secret(z.string()).describe('To be sent back with the answer of the authenticator; good once.'),
  expiresAt: instantOut(),
};

export const PasskeyStart = input('PasskeyStart', identityProof);

export const PasskeyStarted = output('PasskeyStarted', {
  ...challenge,
  options: z
    .object({
      rp: z.object({ id: z.string(), name: z.string() }),
      user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
      challenge: z.string(),
      pubKeyCredParams: z.array(z.object({ type: z.literal('public-key'), alg: z.number().int() })),
      timeout: z.number().int(),
      excludeCredentials: z.array(credential),
      authenticatorSelection: z.object({
        residentKey: z.literal('required'),
        requireResidentKey: z.literal(true),
        userVerification: z.literal('required'),
      }),
      attestation: z.literal('none'),
    })
    .describe('For `PublicKeyCredential.parseCreationOptionsFromJSON` and `navigator.credentials.create`.'),
});
export type PasskeyStarted = z.output<typeof PasskeyStarted>;

const bytes = (max: number) => text(1, max);

/** Unknown fields are ignored, so that browsers can add new ones. */
const credentialFields = {
  id: bytes(1400),
  rawId: bytes(1400),
  type: z.literal('public-key'),
};

const RegistrationResponse = z
  .object({
    ...credentialFields,
    response: z.object({
      clientDataJSON: bytes(8192),
      attestationObject: bytes(65_536),
      transports: z.array(text(1, 40)).max(10).optional(),
    }),
  })
  .describe('The credential that the browser made, as its `toJSON()` answers it.');

/** The answer of an authenticator to `auth.startPasskeySignIn`. */
export const AuthenticationResponse = z
  .object({
    ...credentialFields,
    response: z.object({
      clientDataJSON: bytes(8192),
      authenticatorData: bytes(8192),
      signature: bytes(8192),
      userHandle: bytes(128).nullish(),
    }),
  })
  .meta({ description: 'The credential that the browser got, as its `toJSON()` answers it.' });
export type AuthenticationResponse = z.output<typeof AuthenticationResponse>;

const token = () => secret(text(1, 128));

export const PasskeyAdd = input('PasskeyAdd', {
  challengeToken: token().describe('From auth.startPasskey.'),
  name: line(100).optional().describe('What you call it. @default Passkey'),
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
      challenge: z.string(),
      rpId: z.string(),
      timeout: z.number().int(),
      allowCredentials: z.array(credential),
      userVerification: z.literal('required'),
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
