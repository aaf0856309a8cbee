import { z } from 'zod';
import { id, input, instantIn, instantOut, listInput, output, Person } from '../../kernel/schemas.ts';
import { HeldRole } from '../roles/role.schema.ts';

export const RoleAssignment = output('RoleAssignment', {
  id: z.uuid(),
  user: Person.describe('Who has the role.'),
  role: HeldRole.describe('The role.'),
  scope: z
    .object({
      kind: z.string().describe('`organization`, `department` (with all below it), `team` or `project`.'),
      id: z.uuid().nullable().describe('Of the department, the team or the project.'),
    })
    .describe('Where the role is held.'),
  validTo: instantOut().nullable().describe('When it ends by itself; null is never.'),
  createdAt: instantOut(),
});
export type RoleAssignment = z.output<typeof RoleAssignment>;

const within = <const Kind extends string>(kind: Kind, what: string) =>
  z.strictObject({ kind: z.literal(kind).describe(what), id: id().describe(`The id of the ${kind}.`) });

const scope = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('organization').describe('Everywhere in the organization.') }),
  within('department', 'In a department and all below it.'),
  within('team', 'In a team.'),
  within('project', 'In a project.'),
]);

export const RoleAssignmentCreate = input('RoleAssignmentCreate', {
  userId: id(),
  roleId: id(),
  scope: scope.default({ kind: 'organization' }).describe('Where it is held. Everywhere when absent.'),
  validTo: instantIn().nullable().default(null).describe('When it ends by itself, in the future; null is never.'),
});
export type RoleAssignmentCreate = z.output<typeof RoleAssignmentCreate>;

export const RoleAssignmentListInput = z.strictObject({
  ...listInput(RoleAssignment, 'createdAt'),
  user: z.array(id()).max(100).optional().describe('Of these people.'),
  role: z.array(id()).max(100).optional().describe('Of these roles.'),
  department: z.array(id()).max(100).optional().describe('Held in these departments.'),
  team: z.array(id()).max(100).optional().describe('Held in these teams.'),
  project: z.array(id()).max(100).optional().describe('Held in these projects.'),
});
export type RoleAssignmentListInput = z.output<typeof RoleAssignmentListInput>;
