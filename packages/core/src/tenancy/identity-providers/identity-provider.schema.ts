import { z } from 'zod';
import { isIssuerIdentifier } from '../../identity/index.ts';
import { secret } from '../../kernel/redaction.ts';
import { auditOut, distinct, id, input, listInput, Person } from '../../kernel/schemas.ts';
import { line, text } from '../../kernel/text.ts';

const mappingsSaid = 'A member whose role claim has this value has the role everywhere.';
const valueSaid = 'A value of the role claim.';

export const IdentityProvider = z
  .object({
    id: z.uuid(),
    label: z.string().describe('What people read on the button.'),
    issuer: z.string().describe('The issuer identifier, a URL.'),
    clientId: z.string().describe('The id of the client that is registered at the issuer.'),
    hasClientSecret: z.boolean().describe('The secret itself is never shown.'),
    scopes: z.array(z.string()).describe('What is asked of the issuer.'),
    enabled: z.boolean().describe('Whether people can sign in there.'),
    createMembers: z.boolean().describe('Whether who is no member becomes one by signing in.'),
    defaultRoleId: z.uuid().nullable().describe('The role of those to whom no mapping gives one; null is none.'),
    roleClaim: z.string().nullable().describe('The claim that decides about roles; null when none does.'),
    roleMappings: z
      .array(z.object({ value: z.string().describe(valueSaid), roleId: z.uuid().describe('The role that it gives.') }))
      .describe(mappingsSaid),
    redirectUri: z.string().describe('To register at the issuer.'),
    backchannelLogoutUri: z.string().describe('To register at the issuer, if it offers that.'),
    createdBy: Person,
    ...auditOut,
  })
  .meta({ id: 'IdentityProvider', description: 'An OpenID Connect issuer of the organization.' });
export type IdentityProvider = z.output<typeof IdentityProvider>;

const scope = z
  .string()
  .max(100)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'Must be a scope: printable ASCII without spaces.');

const fields = {
  label: line(100).describe('What people read on the button.'),
  issuer: text(1, 1000)
    .refine(isIssuerIdentifier, 'Must be an issuer identifier: a URL with https, without query and fragment.')
    .meta({
      description: 'The issuer identifier, a URL below which its discovery document is.',
      format: 'uri',
      pattern: String.raw`^https://[^\s?#@]+$`,
    }),
  clientId: text(1, 255).describe('The id of the client that is registered at the issuer.'),
  clientSecret: secret(text(1, 4096)).nullable().describe('Null: a public client, which PKCE alone protects.'),
  scopes: distinct(z.array(scope).min(1).max(20))
    .refine((scopes) => scopes.includes('openid'), 'Must name openid.')
    .meta({ description: 'What is asked of the issuer.', contains: { const: 'openid' } }),
  enabled: z.boolean().describe('Made false, the sessions that began there end.'),
  createMembers: z
    .boolean()
    .describe('Whether who is no member becomes one by signing in, as far as the tier has seats.'),
  defaultRoleId: id().nullable().describe('The role of those to whom no mapping gives one; null is none.'),
  roleClaim: line(200)
    .nullable()
    .describe(
      'The claim, by its name or a dotted path, with a value or a list of them that decides at each sign-in which roles a member holds everywhere; null leaves that to the administrators.',
    ),
  roleMappings: distinct(
    z
      .array(
        z.strictObject({ value: text(1, 255).describe(valueSaid), roleId: id().describe('The role that it gives.') }),
      )
      .max(100),
    ({ value, roleId }) => `${roleId} ${value}`,
  ).describe(mappingsSaid),
};

export const IdentityProviderCreate = input('IdentityProviderCreate', {
  ...fields,
  clientSecret: fields.clientSecret.default(null),
  scopes: fields.scopes.default(['openid', 'email', 'profile']),
  enabled: fields.enabled.default(true),
  createMembers: fields.createMembers.default(true),
  defaultRoleId: fields.defaultRoleId
    .optional()
    .describe('The role of those to whom no mapping gives one: the built-in role `member` when absent; null is none.'),
  roleClaim: fields.roleClaim.default(null),
  roleMappings: fields.roleMappings.default([]),
});
export type IdentityProviderCreate = z.output<typeof IdentityProviderCreate>;

export const IdentityProviderUpdate = input('IdentityProviderUpdate', {
  id: id(),
  ...z.object(fields).partial().shape,
  issuer: fields.issuer
    .optional()
    .describe('Another one knows nobody whom the first one knew. It needs the client secret anew.'),
});
export type IdentityProviderUpdate = z.output<typeof IdentityProviderUpdate>;

export const IdentityProviderListInput = z.strictObject(listInput(IdentityProvider, 'createdAt'));
export type IdentityProviderListInput = z.output<typeof IdentityProviderListInput>;
