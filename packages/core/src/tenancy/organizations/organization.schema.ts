import { z } from 'zod';
import { type ApiAudit, auditLevels, usualApiAudit } from '../../kernel/api-audit.ts';
import { isUuid } from '../../kernel/ids.ts';
import { priorities } from '../../kernel/priorities.ts';
import { id, input, instantOut, listInput, output, Person, versionOut } from '../../kernel/schemas.ts';
import { line } from '../../kernel/text.ts';
import { tiers } from './tiers.ts';

const tier = () => z.enum(tiers).describe('The plan, which sets the limits.');

export const Organization = output('Organization', {
  id: z.uuid(),
  name: z.string().describe('What people call it.'),
  slug: z.string().describe('Names it in paths, in place of the id.'),
  tier: tier(),
  isActive: z.boolean().describe('Whether its members can work in it.'),
  maxUsers: z.number().int().nullable().describe('Null is the limit of the tier.'),
  maxTasks: z.number().int().nullable().describe('Null is the limit of the tier.'),
  settings: z.record(z.string(), z.unknown()).describe('As they were set: see `settings` of `organizations.update`.'),
  avatarUrl: z.string().nullable().describe('Where its picture is, for its members.'),
  createdBy: Person,
  createdAt: instantOut(),
  updatedAt: instantOut(),
  deletedAt: instantOut().nullable().describe('When it was moved to the trash.'),
  version: versionOut(),
});
export type Organization = z.output<typeof Organization>;

/** An organization, as invitations and notifications show it. */
export const OrganizationRef = Organization.pick({ id: true, name: true, slug: true });

/** Words that the API's paths contain where a slug could be. */
const reserved = `me new all none null undefined admin api app auth docs health invitations login logout metrics organizations
redoc register roles settings static switch system tenon trpc users www`;
const reservedSlugs: ReadonlySet<string> = new Set(reserved.split(/\s+/));

/** Whether a text can be a slug: 2 to 60 characters of `a-z 0-9 -`, not a word of the API's paths, and never an id. */
export const isSlug = (text: string): boolean =>
  /^[a-z0-9-]{2,60}$/.test(text) && !reservedSlugs.has(text) && !isUuid(text);

/** The same for the document: what the other pattern allows and this one matches is reserved. */
const reservedPattern = `^(${[...reservedSlugs].join('|')}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`;

const slug = () =>
  z
    .string()
    .regex(/^[a-z0-9-]{2,60}$/, 'Must be 2 to 60 of a-z, 0-9 and "-".')
    .refine(isSlug, 'This word is reserved.')
    .meta({ description: 'Names it in URLs, in place of the id. Unique.', not: { pattern: reservedPattern } });

const settingsLimit = 16_384;

const time = (latest: RegExp) => z.string().regex(latest, 'Must be a time of the day as HH:MM.');

/** The hours in which members under the constraint `workingHours` may write, in their own time zones (C7). */
export const WorkingHoursPolicy = z
  .strictObject({
    start: time(/^([01]\d|2[0-3]):[0-5]\d$/).describe('The first minute.'),
    end: time(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/).describe('The first minute that is out again.'),
    days: z.array(z.int().min(1).max(7)).max(7).describe('1 is Monday, 7 is Sunday.'),
    exemptPriorities: z
      .array(z.enum(priorities))
      .max(priorities.length)
      .default(['critical'])
      .describe('The priorities of tasks that may be changed at any time.'),
  })
  .refine((hours) => hours.start < hours.end, { path: ['end'], message: 'Must be later than the start.' })
  .meta({ id: 'WorkingHours' });

/** What is kept of the calls of the API, for `apiAudit.list` (E4). */
export const ApiAuditPolicy = z
  .strictObject({
    reads: z.enum(auditLevels).default(usualApiAudit.reads).describe('Of calls that read.'),
    writes: z.enum(auditLevels).default(usualApiAudit.writes).describe('Of calls that write.'),
    sample: z.number().min(0).max(1).default(usualApiAudit.sample).describe('The share of the calls that is kept.'),
    retentionDays: z
      .number()
      .int()
      .min(1)
      .max(400)
      .default(usualApiAudit.retentionDays)
      .describe('After how many days it is deleted.'),
  })
  .meta({ id: 'ApiAudit' });

/** Settings are validated when they are written. If this version no longer understands them, what is usual applies. */
export const apiAuditIn = (settings: Readonly<Record<string, unknown>>): ApiAudit =>
  ApiAuditPolicy.safeParse(settings['apiAudit']).data ?? usualApiAudit;

const settings = () =>
  z
    .looseObject({
      apiAudit: ApiAuditPolicy.optional().describe(
        'What is kept of calls of the API: `off`, `metadata`, or `full` with what was sent and answered, without secrets. When absent, metadata of reads and everything of writes, for 30 days.',
      ),
      workingHours: WorkingHoursPolicy.optional().describe(
        'For roles with the constraint `workingHours`. From 09:00 to 18:00, Monday to Friday, when absent.',
      ),
    })
    .refine(
      (value) => Object.keys(value).every((key) => key.length > 0 && key.length <= 64),
      'Names have 1 to 64 characters.',
    )
    .refine(
      (value) => JSON.stringify(value).length <= settingsLimit,
      `Must be at most ${settingsLimit} characters of JSON.`,
    )
    .meta({
      description: `What the organization has chosen. Names that are not listed are yours. At most ${settingsLimit} characters of JSON.`,
      propertyNames: { minLength: 1, maxLength: 64, pattern: String.raw`^[^\x00]*$` },
    });

export const OrganizationCreate = input('OrganizationCreate', {
  name: line(200).describe('What people call it.'),
  slug: slug().optional().describe('Names it in URLs, in place of the id. Unique. Made from the name when absent.'),
  settings: settings().optional(),
});
export type OrganizationCreate = z.output<typeof OrganizationCreate>;

/** The organization that a path names. Before the input is read, it is chosen and the caller's membership is checked. */
export const organizationPath = {
  organizationId: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/)
    .describe('Its id or its slug.'),
};

export const OrganizationPath = z.strictObject(organizationPath);
export type OrganizationPath = z.output<typeof OrganizationPath>;

export const OrganizationUpdate = input('OrganizationUpdate', {
  ...organizationPath,
  name: line(200).optional().describe('What people call it.'),
  slug: slug().optional(),
  settings: settings().optional().describe('Replaces all settings.'),
});
export type OrganizationUpdate = z.output<typeof OrganizationUpdate>;

export const OrganizationListInput = z.strictObject({
  ...listInput(Organization, 'createdAt'),
  deleted: z.boolean().default(false).describe('Lists those in the trash that you own, and may restore.'),
});
export type OrganizationListInput = z.output<typeof OrganizationListInput>;

export const OrganizationTransfer = input('OrganizationTransfer', {
  ...organizationPath,
  userId: id().describe('An active member: the new owner.'),
});
export type OrganizationTransfer = z.output<typeof OrganizationTransfer>;

const ownLimit = () => z.number().int().min(1).max(2_000_000_000).nullable().optional();

/** What instance administrators may change of an organization's limits. */
export const TierChange = input('TierChange', {
  organization: organizationPath.organizationId,
  tier: tier(),
  maxUsers: ownLimit().describe('In place of the limit of the tier; null is that of the tier.'),
  maxTasks: ownLimit().describe('In place of the limit of the tier; null is that of the tier.'),
});
export type TierChange = z.output<typeof TierChange>;
