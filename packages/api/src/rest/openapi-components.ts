import { pascalCased } from '@tenon/core';
import { z } from 'zod';
import { problemPage } from '../problem.ts';
import type { Examples } from './examples.ts';
import type { Components, Json } from './json-schema.ts';

/** The components that the operations of the document share. */

const entityTags = '^(\\*|[ ,]*(W/)?"[^"]*"([ ]*,([ ]*(W/)?"[^"]*")?)*)$';

export const parameters: Json = {
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    required: false,
    description:
      'Names this request in the logs, to join them with those of other systems. The answer repeats it. By default the server makes a new one.',
    schema: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9_.:-]+$' },
  },
  OrganizationId: {
    name: 'X-Organization-Id',
    in: 'header',
    required: false,
    description: "The organization to act in, by id or slug. By default the session's active one, or the only one.",
    schema: { type: 'string', pattern: '^[A-Za-z0-9-]{1,64}$' },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Repeating a request with the same key within 24 hours gives the same answer again, with `Idempotency-Replayed: true`, and does nothing more.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description:
      'The ETag of the version that is to be changed, such as `"3"`, or several; `*` for any. A weak ETag matches none.',
    schema: { type: 'string', pattern: entityTags },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description:
      'ETags, as they were given. A read whose answer has one of them is answered 304, a change of one of them 412; `*` is any. Where an answer shows other rows, such as the names of people, the ETag of the first answer to this header contains a digest of all that it shows: send that one from then on.',
    schema: { type: 'string', pattern: entityTags },
  },
  Range: {
    name: 'Range',
    in: 'header',
    required: false,
    description:
      'The part of the file to send, such as `bytes=1000-` for all but the first 1000 bytes. Several parts are ignored.',
    schema: { type: 'string' },
  },
  IfRange: {
    name: 'If-Range',
    in: 'header',
    required: false,
    description: 'The ETag of the file that Range is about. When it is another file by now, all of it is sent.',
    schema: { type: 'string' },
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description:
      'The last id that was received: the stream goes on with the event that follows. Browsers send it themselves.',
    schema: { type: 'string', pattern: '^[0-9]{1,15}$' },
  },
  DryRun: {
    name: 'Dry-Run',
    in: 'header',
    required: false,
    description:
      '`true`: nothing is kept. The answer is 200 and says what would have been answered and recorded: see `x-dry-run`.',
    schema: { type: 'string', enum: ['true', 'false'] },
  },
};

const text = { type: 'string' };

export const headers = {
  RequestId: { description: 'Names this request in the logs.', schema: text },
  ETag: {
    description:
      'The version of the object, for If-Match and If-None-Match. A digest and the content coding may follow it, as in `"3-br"`.',
    schema: text,
  },
  Link: { description: 'The next page, as `<…>; rel="next"`; absent on the last one.', schema: text },
  Location: { description: 'Where the created object is.', schema: text },
  JobLocation: { description: 'Where to ask how far the job is.', schema: text },
  FileETag: { description: 'The SHA-256 of the file in hex.', schema: text },
  ContentDisposition: { description: 'Always `attachment`, with the name of the file.', schema: text },
  ContentRange: { description: 'Which part it is, as `bytes 0-99/1000`.', schema: text },
  AcceptRanges: { description: 'Always `bytes`.', schema: text },
  FileLocation: { description: 'The address of the file in the storage.', schema: text },
  RedirectLocation: { description: 'Where the browser goes.', schema: text },
  IdempotencyReplayed: { description: '`true` when this answer was given before.', schema: text },
  Deprecation: {
    description: 'Since when the operation is deprecated, in seconds since 1970, such as `@1769817600` (RFC 9745).',
    schema: text,
  },
  Sunset: { description: 'When the operation may be removed, as an HTTP date (RFC 8594).', schema: text },
  RetryAfter: { description: 'After how many seconds to try again.', schema: { type: 'integer' } },
  WwwAuthenticate: { description: 'Always `Bearer`.', schema: text },
} satisfies Json;

const DryRunSchema = z.object({
  dryRun: z.literal(true).describe('Always true.'),
  result: z.unknown().describe('What would have been answered; null where that is nothing.'),
  events: z
    .array(
      z.object({
        type: z.string().describe('The type of the event, such as `task.created`.'),
        entity: z
          .object({ type: z.string().describe('The kind of entity, such as `task`.'), id: z.string() })
          .describe('What it would have happened to.'),
        changes: z
          .record(z.string(), z.object({ from: z.unknown(), to: z.unknown() }))
          .describe('What would have changed, by field.'),
        data: z.record(z.string(), z.unknown()).describe('More facts, which depend on the type.'),
      }),
    )
    .describe('The events that would have been recorded.'),
});

/**
 * How all dry runs are answered. It is not among the responses of each operation: generated clients would then say that every creation
 * answers a task or a dry run, and each call would need a cast.
 */
export const dryRun = (components: Components, example: unknown): Json => ({
  description:
    'With `Dry-Run: true`, operations that have `x-dry-run` answer what they would have answered and recorded.',
  status: 200,
  content: {
    'application/json': { schema: components.output(DryRunSchema), ...(example !== undefined && { example }) },
  },
});

/** The problems that an operation may answer with one status. */
export interface ProblemGroup {
  readonly status: number;
  /** In alphabetical order. */
  readonly codes: readonly string[];
}

/** The name of a response in the components: `RoleNotFoundOrTeamNotFound` for two codes. */
export const problemResponseName = ({ codes }: ProblemGroup): string => codes.map(pascalCased).join('Or');

const mayRetry = [409, 429, 503];

/** Refers to the examples of those codes that have one. */
function examplesOf(codes: readonly string[], problems: Examples['problems']): Json {
  const shown = codes
    .filter((code) => code in problems)
    .map((code) => [code, { $ref: `#/components/examples/${code}` }]);
  return shown.length > 0 ? { examples: Object.fromEntries(shown) } : {};
}

/** The response that all operations with these problems share. Its type lets clients decide by `status` and `code`. */
export const problemResponse = ({ status, codes }: ProblemGroup, problems: Examples['problems']): Json => ({
  description: codes.map((code) => `[\`${code}\`](${problemPage(code)})`).join(', '),
  headers: {
    'X-Request-Id': { $ref: '#/components/headers/RequestId' },
    ...(status === 401 && { 'WWW-Authenticate': { $ref: '#/components/headers/WwwAuthenticate' } }),
    ...(mayRetry.includes(status) && { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }),
  },
  content: {
    'application/problem+json': {
      schema: {
        allOf: [
          { $ref: '#/components/schemas/Problem' },
          {
            type: 'object',
            properties: { status: { type: 'integer', const: status }, code: { type: 'string', enum: codes } },
            required: ['status', 'code'],
          },
        ],
      },
      ...examplesOf(codes, problems),
    },
  },
});
