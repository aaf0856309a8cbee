import { z } from 'zod';
import { instantOut, logInput, logPage, output } from '../kernel/schemas.ts';
import { ActivityEntry, eventFilters, needsEntityId, wantsEntityId } from './activity.schema.ts';

const { entity, parent } = ActivityEntry.shape;

const sequence = () => z.int().min(1).max(2_147_483_647);
const hash = (text: string) => z.string().describe(text);

export const AuditRow = output('AuditRow', {
  sequence: z.int().describe('Its place in the trail: 1 for the first event of the organization, without gaps.'),
  id: z.uuid(),
  organizationId: z.uuid(),
  type: z.string().describe('The type of the event, such as `task.created`.'),
  at: instantOut().describe('When it happened.'),
  actorId: z.uuid().nullable().describe('A user; null is the system.'),
  apiKeyId: z.uuid().nullable().describe('The API key by which the actor did it; null is themselves.'),
  entity,
  parent,
  requestId: z.string().describe('The id of the request that caused it.'),
  salt: z.string().nullable().describe('16 random bytes, base64url. Null without a payload.'),
  payload: z
    .object({
      changes: z.record(z.string(), z.unknown()).describe('What changed, by field.'),
      data: z.record(z.string(), z.unknown()).describe('More facts, which depend on the type.'),
    })
    .nullable()
    .describe('What the event tells. Null when it was erased, and for readers without `project:read_private`.'),
  payloadHash: hash('SHA-256 of salt and payload, base64url.'),
  previousHash: hash('The hash of the row before, base64url. 32 zero bytes before the first.'),
  hash: hash('SHA-256 of previousHash and of this row, base64url.'),
});
export type AuditRow = z.output<typeof AuditRow>;

export const AuditPage = logPage(AuditRow, 'AuditPage');
export type AuditPage = z.output<typeof AuditPage>;

export const AuditHead = output('AuditHead', {
  organizationId: z.uuid(),
  sequence: z.int().describe('The sequence of the last event; 0 when there is none.'),
  hash: hash('The hash of that event. Keep it with the sequence: it proves later that nothing before was changed.'),
  at: instantOut().nullable().describe('When that happened; null when there is none.'),
});
export type AuditHead = z.output<typeof AuditHead>;

const range = {
  fromSequence: sequence().optional().describe('Inclusive.'),
  toSequence: sequence().optional().describe('Inclusive.'),
};

export const AuditListInput = z
  .strictObject({
    ...logInput,
    ...eventFilters,
    ...range,
    sort: z
      .enum(['-at', 'sequence'])
      .default('-at')
      .describe('The newest first, or in the order of the trail. Only the second takes a range of sequences.'),
  })
  .refine(wantsEntityId, needsEntityId)
  .refine(({ sort, fromSequence, toSequence }) => sort === 'sequence' || (fromSequence ?? toSequence) === undefined, {
    path: ['sort'],
    message: 'Must be sequence with a range of sequences.',
  });
export type AuditListInput = z.output<typeof AuditListInput>;

export const AuditExportInput = z.strictObject({
  format: z.enum(['jsonl', 'csv']).default('jsonl').describe('Only JSONL can be verified.'),
  ...range,
});
export type AuditExportInput = z.output<typeof AuditExportInput>;

export const AuditVerify = z
  .strictObject({
    sequence: sequence().optional().describe('The sequence of a head that you have kept.'),
    hash: z
      .string()
      .regex(/^[\w-]{43}$/, 'Must be the hash of a head.')
      .optional()
      .describe('The hash of that head.'),
  })
  .refine((head) => (head.sequence === undefined) === (head.hash === undefined), {
    path: ['hash'],
    message: 'Sequence and hash come together.',
  })
  .meta({ id: 'AuditVerify', dependentRequired: { sequence: ['hash'], hash: ['sequence'] } });
export type AuditVerify = z.output<typeof AuditVerify>;

export const AuditVerification = output('AuditVerification', {
  valid: z.boolean().describe('Whether no problem was found.'),
  checked: z.int().describe('How many events are as they were, up to the first problem.'),
  erased: z.int().describe('How many of them have no payload, because it was erased.'),
  head: AuditHead.describe('The end of the trail.'),
  problem: z
    .object({
      sequence: z.int().describe('The first place at which the trail is not as it was.'),
      kind: z.enum(['altered', 'missing', 'inserted', 'reordered', 'truncated']).describe('What happened there.'),
    })
    .nullable()
    .describe('The first problem; null when the trail is valid.'),
});
export type AuditVerification = z.output<typeof AuditVerification>;
