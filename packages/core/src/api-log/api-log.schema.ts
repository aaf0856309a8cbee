import { z } from 'zod';
import { anyIdOr, anyOf, instantIn, instantOut, logInput, logPage, output, Person } from '../kernel/schemas.ts';

const kept =
  'JSON without secrets, cut after 4,096 bytes. Null where the settings of the organization do not keep it, and for readers who may not read private projects, as the path is.';

export const ApiAuditEntry = output('ApiAuditEntry', {
  id: z.uuid(),
  user: Person.nullable().describe('Who called; null when nobody was signed in.'),
  apiKeyId: z.uuid().nullable().describe('The API key by which the user called.'),
  method: z.string().describe('Of the operation over REST, also when it was called over tRPC.'),
  endpoint: z
    .string()
    .describe('The route of the operation, such as `/api/v1/tasks/{id}`, also when it was called over tRPC.'),
  path: z.string().nullable().describe('Of the URL, without the query.'),
  status: z.number().int().describe('The HTTP status of the answer.'),
  request: z.string().nullable().describe(`${kept} Null too when the input was refused.`),
  response: z.string().nullable().describe(kept),
  durationMs: z.number().describe('How long the server worked on it, with two decimals.'),
  address: z.string().nullable().describe('The network address of the caller.'),
  at: instantOut().describe('When the call came in.'),
});
export type ApiAuditEntry = z.output<typeof ApiAuditEntry>;

export const ApiAuditListInput = z.strictObject({
  ...logInput,
  user: anyIdOr('me').describe('`me` or user ids.'),
  method: anyOf(z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])).describe('Methods of the operations over REST.'),
  endpoint: anyOf(
    z
      .string()
      .max(255)
      .regex(/^\/[!-~]*$/, 'Must be a route, such as /api/v1/tasks/{id}.'),
  ).describe('Routes, such as `/api/v1/tasks/{id}`.'),
  status: anyOf(z.number().int().min(100).max(599)).describe('HTTP statuses.'),
  after: instantIn().optional().describe('Inclusive.'),
  before: instantIn().optional().describe('Inclusive.'),
});
export type ApiAuditListInput = z.output<typeof ApiAuditListInput>;

export const ApiAuditPage = logPage(ApiAuditEntry, 'ApiAuditPage');
export type ApiAuditPage = z.output<typeof ApiAuditPage>;

export const UsageInput = z.strictObject({
  days: z.number().int().min(1).max(90).default(30).describe('How many UTC days, with today.'),
});
export type UsageInput = z.output<typeof UsageInput>;

const figures = {
  requests: z.number().int().describe('How many calls there were.'),
  meanMs: z.number().describe('The mean time in which the server answered, in milliseconds.'),
  p95Ms: z.number().describe('The time in which it answered 95 of 100 calls, in milliseconds, exact to 10 percent.'),
  errorRate: z.number().describe('The share of the calls with a status of 400 or more, from 0 to 1.'),
};

const { method, endpoint } = ApiAuditEntry.shape;

export const Usage = output('Usage', {
  ...figures,
  byEndpoint: z.array(z.object({ method, endpoint, ...figures })).describe('The most called first.'),
  byDay: z
    .array(z.object({ date: z.iso.date().describe('The day, in UTC.'), ...figures }))
    .describe('Every day, in order. The days are those of UTC.'),
});
export type Usage = z.output<typeof Usage>;
