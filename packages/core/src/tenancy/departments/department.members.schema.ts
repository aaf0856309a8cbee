import { z } from 'zod';
import { id, instantOut, listInput, page, Person } from '../../kernel/schemas.ts';

export const DepartmentMember = z
  .object({ user: Person, departmentId: z.uuid(), addedAt: instantOut() })
  .meta({ id: 'DepartmentMember', description: 'A member in their department.' });
export type DepartmentMember = z.output<typeof DepartmentMember>;

export const DepartmentMemberPage = page(DepartmentMember).meta({ id: 'DepartmentMemberPage' });

export const DepartmentMemberListInput = z.strictObject({
  id: id().describe('The department.'),
  ...listInput('addedAt'),
  subtree: z.boolean().default(false).describe('Whether to list the members of the departments below it too.'),
});
export type DepartmentMemberListInput = z.output<typeof DepartmentMemberListInput>;

export const DepartmentMemberPath = z.strictObject({ id: id().describe('The department.'), userId: id() });
export type DepartmentMemberPath = z.output<typeof DepartmentMemberPath>;
