import { z } from 'zod';
import { Permission, permissions } from '../../access/index.ts';
import { secret } from '../../kernel/redaction.ts';
import {
  anyIdOr,
  auditOut,
  distinct,
  id,
  input,
  instantIn,
  instantOut,
  listInput,
  output,
  Person,
} from '../../kernel/schemas.ts';
import { line } from '../../kernel/text.ts';

export const ApiKey = output('ApiKey', {
  id: z.uuid(),
  name: z.string().describe('What it is for.'),
  prefix: z.string().describe('How the key begins: enough to recognize it, of no use to anybody else.'),
  scopes: z.array(z.string()).describe('The permissions to which those of its user are narrowed.'),
  user: Person.describe('Whom it acts as.'),
  expiresAt: instantOut().nullable().describe('When it ends by itself; null is never.'),
  lastUsedAt: instantOut().nullable().describe('Exact to a minute; null is never.'),
  isActive: z.boolean().describe('Whether it works, as long as it has not expired.'),
  createdBy: Person,
  ...auditOut,
});
export type ApiKey = z.output<typeof ApiKey>;

export const ApiKeyCreated = ApiKey.extend({
  secret: secret(z.string()).describe('The key itself. It is shown here and never again.'),
}).meta({ id: 'ApiKeyCreated' });
export type ApiKeyCreated = z.output<typeof ApiKeyCreated>;

export const ApiKeyCreate = input('ApiKeyCreate', {
  name: line(100).describe('What it is for.'),
  scopes: distinct(z.array(Permission).min(1).max(permissions.length)).describe(
    'Permissions: what the key may do at most. None that you do not hold yourself.',
  ),
  serviceAccountId: id().optional().describe('The service account as which it acts; you yourself when absent.'),
  expiresAt: instantIn().nullable().default(null).describe('When it ends by itself, in the future; null is never.'),
});
export type ApiKeyCreate = z.output<typeof ApiKeyCreate>;

export const ApiKeyUpdate = input('ApiKeyUpdate', {
  id: id(),
  name: line(100).optional().describe('What it is for.'),
  isActive: z.boolean().optional().describe('False stops it until it is made true again.'),
});
export type ApiKeyUpdate = z.output<typeof ApiKeyUpdate>;

export const ApiKeyListInput = z.strictObject({
  ...listInput(ApiKey, 'createdAt'),
  user: anyIdOr('me').describe('`me` or the ids of whom they act as.'),
  active: z.boolean().optional().describe('Only those that are active, or that are not.'),
});
export type ApiKeyListInput = z.output<typeof ApiKeyListInput>;
