import { z } from 'zod';
import { idOrKey } from '../../kernel/keys.ts';
import {
  anyIdOr,
  anyOf,
  auditOut,
  id,
  include,
  input,
  instantIn,
  instantOut,
  listInput,
  output,
  permanent,
  Person,
} from '../../kernel/schemas.ts';
import { line, text } from '../../kernel/text.ts';

export const projectStatuses = ['planned', 'active', 'paused', 'completed', 'cancelled'] as const;

/** `private`: only members see the project and what is in it, and those who may read all private projects. */
export const projectVisibilities = ['organization', 'private'] as const;

const status = () => z.enum(projectStatuses).describe('How far the project is.');
const visibility = () =>
  z.enum(projectVisibilities).describe('Whether everybody in the organization sees it, or its members only.');

/** The key of a project. Lower case is accepted and converted. */
const projectKey = () =>
  z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9]{1,9}$/, 'Must be 2 to 10 letters and digits, beginning with a letter.')
    .overwrite((key) => key.toUpperCase())
    .meta({ examples: ['DEPOT'] });

/** Names a project by its id, or by a key that it has or had. */
export const projectRef = () => idOrKey('project', projectKey());

const startSaid = 'When the work begins; null when it is not planned.';
const targetSaid = 'When it should be completed; null when it is not planned.';

export const Project = output('Project', {
  id: z.uuid(),
  key: z.string().describe('Unique in the organization. Tasks are named by it: `KEY-12`.'),
  name: z.string().describe('What people call it.'),
  description: z.string().nullable().describe('What it is about.'),
  status: status(),
  visibility: visibility(),
  lead: Person.nullable().describe('The member who leads it; null when nobody does.'),
  startDate: instantOut().nullable().describe(startSaid),
  targetDate: instantOut().nullable().describe(targetSaid),
  archivedAt: instantOut().nullable().describe('When it was archived; null when it is not.'),
  taskCounts: z
    .object({
      total: z.number().int().describe('How many tasks there are.'),
      done: z.number().int().describe('How many of them are done.'),
    })
    .optional()
    .describe('Only with `include=taskCounts`: the tasks that the caller sees, and how many of them are done.'),
  attachmentCount: z
    .int()
    .optional()
    .describe(
      'Only with `include=attachmentCount`: how many files are on the project itself, without those in the trash.',
    ),
  createdBy: Person,
  ...auditOut,
  deletedAt: instantOut().nullable().describe('When it was moved to the trash.'),
});
export type Project = z.output<typeof Project>;

export const ProjectCreate = input('ProjectCreate', {
  key: projectKey().describe('2 to 10 letters and digits, beginning with a letter. Unique in the organization.'),
  name: line(100).describe('What people call it.'),
  description: text(0, 50_000).nullable().optional().describe('What it is about.'),
  status: status().optional(),
  visibility: visibility().optional(),
  leadId: id()
    .nullable()
    .optional()
    .describe('User id of the member who leads it. They become a member of the project.'),
  startDate: instantIn().nullable().optional().describe(startSaid),
  targetDate: instantIn().nullable().optional().describe(targetSaid),
});
export type ProjectCreate = z.output<typeof ProjectCreate>;

export const ProjectUpdate = input('ProjectUpdate', { id: projectRef(), ...ProjectCreate.partial().shape });
export type ProjectUpdate = z.output<typeof ProjectUpdate>;

const projectIncludes = ['taskCounts', 'attachmentCount'] as const;
export type ProjectInclude = (typeof projectIncludes)[number];

export const ProjectGet = z.strictObject({ id: projectRef(), include: include(...projectIncludes) });
export type ProjectGet = z.output<typeof ProjectGet>;

export const ProjectById = z.strictObject({ id: projectRef() });
export type ProjectById = z.output<typeof ProjectById>;

export const ProjectDelete = z.strictObject({
  id: projectRef(),
  permanent: permanent(),
});
export type ProjectDelete = z.output<typeof ProjectDelete>;

export const ProjectListInput = z.strictObject({
  ...listInput(Project, 'createdAt', 'updatedAt', 'name', 'key', 'targetDate'),
  status: anyOf(status()).describe('Only with one of these statuses.'),
  visibility: visibility().optional(),
  lead: anyIdOr('me').describe('`me` or user ids.'),
  member: anyIdOr('me').describe('`me` or user ids of members of the project.'),
  archived: z.boolean().optional().describe('Whether they are archived. Both when absent.'),
  deleted: z.boolean().default(false).describe('Whether to list the trash instead, for those who may delete projects.'),
  search: text(1, 200).optional().describe('Part of the name or of the key, in any case and Unicode form.'),
  include: include(...projectIncludes),
});
export type ProjectListInput = z.output<typeof ProjectListInput>;

export const ProjectMember = z
  .object({
    user: Person.describe('The member.'),
    addedBy: Person.describe('Who added them.'),
    createdAt: instantOut().describe('When they were added.'),
  })
  .meta({ id: 'ProjectMember', description: 'A member of a project.' });
export type ProjectMember = z.output<typeof ProjectMember>;

export const ProjectMemberListInput = z.strictObject({
  projectId: projectRef().describe('The project.'),
  ...listInput(ProjectMember, 'createdAt'),
});
export type ProjectMemberListInput = z.output<typeof ProjectMemberListInput>;

export const ProjectMemberPath = z.strictObject({ projectId: projectRef().describe('The project.'), userId: id() });
export type ProjectMemberPath = z.output<typeof ProjectMemberPath>;
