import { z } from 'zod';
import { Permission } from '../../access/index.ts';
import { priorities } from '../../kernel/priorities.ts';
import { id, input, instantIn, instantOut, output } from '../../kernel/schemas.ts';
import { WorkingHoursPolicy } from '../organizations/organization.schema.ts';
import { HeldRole } from '../roles/role.schema.ts';

const Scope = z.object({
  kind: z.string().describe('`organization`, `department` (with all below it), `team` or `project`.'),
  id: z.uuid().nullable().describe('Of the department, the team or the project.'),
});

/** What the caller may do, and by which roles. */
export const OwnAccess = output('OwnAccess', {
  permissions: z.array(z.string()).describe('Held somewhere, under some constraint: `grants` say which.'),
  grants: z
    .array(
      z.object({
        role: HeldRole.pick({ id: true, key: true }).describe('The role.'),
        scope: Scope.describe('Where it is valid.'),
        permissions: z.array(z.string()).describe('What it allows, as `resource:action`.'),
        constraints: z.array(z.string()).describe('Rules that narrow what it allows.'),
        validTo: instantOut().nullable().describe('When it ends by itself; null is never.'),
      }),
    )
    .describe('The roles that the caller has.'),
  timezone: z.string().describe('In which the working hours are read.'),
  workingHours: WorkingHoursPolicy.describe('When roles with the constraint `workingHours` may write.'),
});
export type OwnAccess = z.output<typeof OwnAccess>;

export const AccessQuestion = input('AccessQuestion', {
  permission: Permission.describe('The permission in question.'),
  subject: z
    .strictObject({
      assigneeIds: z.array(id()).max(100).optional().describe('The user ids of its assignees.'),
      teamId: id().nullable().optional().describe('Null is a task in no team. Absent: nothing of a team.'),
      projectId: id().nullable().optional().describe('Null is a task in no project. Absent: nothing of a project.'),
      priority: z.enum(priorities).optional().describe('The priority of the task.'),
    })
    .default({})
    .describe('What would be acted upon. Something of the whole organization when empty.'),
  at: instantIn().optional().describe('Now when absent.'),
  userId: id().optional().describe('Another member, for who may change the roles of members. Oneself when absent.'),
});
export type AccessQuestion = z.output<typeof AccessQuestion>;

export const AccessExplanation = output('AccessExplanation', {
  allowed: z.boolean().describe('Whether they may do it.'),
  permission: z.string().describe('The permission in question.'),
  grantedBy: z.array(z.string()).describe('The keys of the roles that have the permission, the strongest first.'),
  constraint: z
    .object({
      kind: z
        .string()
        .describe('`scope`, `closed` (a private project whose member they are not), `assignedOnly` or `workingHours`.'),
      allowedAgainAt: instantOut().nullable().describe('When the working hours begin again; null for other kinds.'),
      timezone: z.string().nullable().describe('The time zone of the working hours; null for other kinds.'),
    })
    .nullable()
    .describe('What stands against it, where a role has the permission.'),
});
export type AccessExplanation = z.output<typeof AccessExplanation>;
