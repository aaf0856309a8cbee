import { secret } from '@tenon/core';
import { z } from 'zod';
import type { Problem } from './problem.ts';

/** `Problem` as a schema: the document describes every error by it, and a bulk has problems in its answer. */
export const ProblemSchema = z
  .object({
    type: z.string().describe('`urn:tenon:problem:<code>`'),
    docs: z.string().describe('The path of the page on this server that explains the code: its cause and its remedy.'),
    title: z.string().describe('What the code means, in plain words.'),
    status: z.int().describe('The HTTP status.'),
    detail: z.string().describe('What is wrong with this request, in plain words.'),
    instance: z.string().describe('The path of the request.'),
    code: z.string().describe('Stable: decide by it.'),
    requestId: z.string().describe('Names this request in the logs.'),
    errors: z
      .array(
        z.object({
          path: z.string().describe('A JSON Pointer that begins with `/body`, `/query`, `/path` or `/header`.'),
          code: z.string().describe('What is wrong, for programs.'),
          message: z.string().describe('What is wrong, in plain words.'),
        }),
      )
      .optional()
      .describe('One entry for each wrong field, of a 400.'),
    permission: z.string().optional().describe('The permission that is missing, of a 403.'),
    grantedBy: z.array(z.string()).optional().describe('The keys of the built-in roles that would give it.'),
    constraint: z
      .object({
        kind: z.string().describe('`scope`, `closed`, `assignedOnly` or `workingHours`.'),
        allowedAgainAt: z.string().nullish().describe('When the working hours begin again.'),
        timezone: z.string().optional().describe('The time zone of the working hours.'),
      })
      .optional()
      .describe('Why a role that gives the permission still refuses.'),
    limit: z.string().optional().describe('Which limit of the tier is reached, of a 402.'),
    max: z.number().optional().describe('How many the tier allows.'),
    challenge: z
      .object({
        token: secret(z.string()).describe('To be sent back with the answer; good once.'),
        methods: z.array(z.string()).describe('What may answer it: `totp`, `recovery_code`; more will come.'),
        expiresAt: z.string().describe('When the token expires.'),
      })
      .optional()
      .describe('How to finish signing in, of `second_factor_required`: see auth.verifySecondFactor.'),
  })
  .meta({ id: 'Problem', description: 'An error (RFC 9457).' }) satisfies z.ZodType<{
  [Name in keyof Problem]: unknown;
}>;
