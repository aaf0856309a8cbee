import { z } from 'zod';
import { permissions } from '../../access/index.ts';
import { priorities } from '../../kernel/priorities.ts';
import { id, input, instantIn, instantOut, output } from '../../kernel/schemas.ts';
import { WorkingHoursPolicy } from '../organizations/organization.schema.ts';
import { HeldRole } from '../roles/role.schema.ts';

const Scope = z.object({
  kind: z.string(),
  id: z.uuid().nullable().describe('Of the department, the team or the project.'),
});

/** What the caller may do, and by which roles. */
export const OwnAccess = output('OwnAccess', {
  permissions: z.array(z.string()).describe('Held somewhere, under some constraint: `grants` say which.'),
  grants: z.array(
    z.object({
      role: HeldRole.pick({ id: true, key: true }),
      scope: Scope,
      permissions: z.array(z.string()),
      constraints: z.array(z.string()),
      validTo: instantOut().nullable(),
    }),
  ),
  timezone: z.string().describe('In which the working hours are read.'),
  workingHours: WorkingHoursPolicy,
});
export type OwnAccess = z.output<typeof OwnAccess>;

export const AccessQuestion = input('AccessQuestion', {
  permission: z.enum(permissions),
  subject: z
    .strictObject({
      assigneeIds: z.array(id()).max(100).optional(),
      teamId: id().nullable().optional().describe('Null is a task in no team. Absent: nothing of a team.'),
      projectId: id().nullable().optional().describe('Null is a task in no project. Absent: nothing of a project.'),
      priority: z.enum(priorities).optional(),
    })
    .default({})
    .describe('What would be acted upon. Something of the whole organization when empty.'),
  at: instantIn().optional().describe('Now when absent.'),
  userId: id().optional().describe('Another member, for who may change the roles of members. Oneself when absent.'),
});
export type AccessQuestion = z.output<typeof AccessQuestion>;

export const AccessExplanation = output('AccessExplanation', {
  allowed: z.boolean(),
  permission: z.string(),
  grantedBy: z.array(z.string()).describe('The keys of the roles that have the permission, the strongest first.'),
  constraint: z
    .object({
      kind: z
        .string()
        .describe('`scope`, `closed` (a private project whose member they are not), `assignedOnly` or `workingHours`.'),
      allowedAgainAt: instantOut().nullable(),
      timezone: z.string().nullable(),
    })
    .nullable()
    .describe('What stands against it, where a role has the permission.'),
});
export type AccessExplanation = z.output<typeof AccessExplanation>;
