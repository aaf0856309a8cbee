import { z } from 'zod';
import {
  anyIdOr,
  anyOf,
  id,
  instantIn,
  instantOut,
  logInput,
  logPage,
  output,
  page,
  Person,
} from '../kernel/schemas.ts';

const EntityName = output('EntityName', {
  type: z.string().describe('The kind of entity, such as `task`.'),
  id: z.uuid(),
});

export const ActivityEntry = output('ActivityEntry', {
  id: z.uuid(),
  type: z.string().describe('`entity.past_tense`, as `task.created`; more types will come.'),
  actor: Person.nullable().describe('Null is the system.'),
  apiKeyId: z.uuid().nullable().describe('The API key by which the actor did it; null is themselves.'),
  entity: EntityName.describe('What it happened to.'),
  parent: EntityName.nullable().describe('Where it shows too: the task of a comment.'),
  changes: z
    .record(z.string(), z.object({ from: z.unknown(), to: z.unknown() }))
    .describe('What an update changed, by field.'),
  data: z.record(z.string(), z.unknown()).describe('More facts, which depend on the type.'),
  summary: z
    .string()
    .nullable()
    .describe('One line in English, as `Ada created the task Call the printer`. Null when the data was erased.'),
  at: instantOut().describe('When it happened.'),
});
export type ActivityEntry = z.output<typeof ActivityEntry>;

export const ActivityPage = page(ActivityEntry, 'ActivityPage');

/** The filters of lists of events. */
export const eventFilters = {
  actor: anyIdOr('me').describe('`me` or user ids.'),
  type: anyOf(
    z
      .string()
      .max(100)
      .regex(
        /^(\*|[a-z_]+\.(\*|[a-z_]+))$/,
        'Must be a type such as task.created, or task.* for all types about tasks.',
      ),
  ).describe('Types of events, such as `task.created`, or `task.*` for all that begin so.'),
  entityId: id().optional().describe('What it happened to, or what that belongs to: a task with its comments.'),
  entityType: z
    .string()
    .max(100)
    .regex(/^[a-z_]+$/, 'Must be a kind of entity, such as task.')
    .optional()
    .describe('What kind of entity that is, such as `task`. Needs entityId.'),
  after: instantIn().optional().describe('Inclusive.'),
  before: instantIn().optional().describe('Inclusive.'),
};

export type EventFilters = z.output<z.ZodObject<typeof eventFilters>>;

/** A kind of entity needs the id of one. */
export const wantsEntityId = ({ entityType, entityId }: { entityType?: unknown; entityId?: unknown }): boolean =>
  entityType === undefined || entityId !== undefined;
export const needsEntityId = { path: ['entityType'], message: 'Needs entityId.' };

export const ActivityListInput = z.strictObject({ ...logInput, ...eventFilters }).refine(wantsEntityId, needsEntityId);
export type ActivityListInput = z.output<typeof ActivityListInput>;

export const ActivityLogPage = logPage(ActivityEntry, 'ActivityLogPage');
export type ActivityLogPage = z.output<typeof ActivityLogPage>;
