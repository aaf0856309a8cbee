import { z } from 'zod';
import { secret } from '../../kernel/redaction.ts';
import { text } from '../../kernel/text.ts';

/** Six digits, with or without spaces as apps group them. */
export const totpCode = () =>
  secret(
    z
      .string()
      .overwrite((value) => value.replaceAll(' ', ''))
      .regex(/^\d{6}$/, { message: 'Must be the six digits that the app shows.' })
      .meta({ examples: ['123456'], pattern: '^ *([0-9] *){6}$' }),
  );

/** How a signed-in user proves their identity again, before an action that a thief of their session must not do. */
export const identityProof = {
  password: secret(text(1, 1024)).optional().describe('The password of the account. `code` can replace it.'),
  code: totpCode().optional().describe('The code of the authenticator app that is set up already.'),
};
export type IdentityProof = z.output<z.ZodObject<typeof identityProof>>;
