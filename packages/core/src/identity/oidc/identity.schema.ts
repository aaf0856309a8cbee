import { z } from 'zod';
import { instantOut, listInput } from '../../kernel/schemas.ts';

export const OidcIdentity = z
  .object({
    id: z.uuid(),
    issuer: z.string().describe('The issuer identifier, a URL.'),
    subject: z.string().describe('Who you are there.'),
    identityProviderId: z
      .uuid()
      .nullable()
      .describe(
        'The identity provider of the organization that chose the issuer, in which alone you can sign in with it; null otherwise.',
      ),
    createdAt: instantOut(),
    lastUsedAt: instantOut().describe('When it last signed you in.'),
    disabledAt: instantOut()
      .nullable()
      .describe(
        'Since when it does not work, because a change of your address was undone that came before it; null: it works. Link it again to enable it.',
      ),
  })
  .meta({ id: 'OidcIdentity', description: 'Who you are at an issuer, by which you sign in.' });
export type OidcIdentity = z.output<typeof OidcIdentity>;

export const OidcIdentityListInput = z.strictObject(listInput(OidcIdentity, 'createdAt'));
export type OidcIdentityListInput = z.output<typeof OidcIdentityListInput>;
