import { z } from 'zod';
import { anyIdOr, auditOut, id, input, instantOut, listInput, output, Person } from '../../kernel/schemas.ts';
import { line, text } from '../../kernel/text.ts';
import { maxDepth } from './department.path.ts';

export const Department = output('Department', {
  id: z.uuid(),
  name: z.string().describe('Unique among those with the same parent, whatever the case or the Unicode form.'),
  description: z.string().nullable().describe('What the department does.'),
  parentId: z.uuid().nullable().describe('Null at the top.'),
  path: z.array(z.uuid()).describe('The ids from the top down to its own. Moving one above it changes no version.'),
  head: Person.nullable().describe('The member who leads it.'),
  ...auditOut,
});
export type Department = z.output<typeof Department>;

const parentId = () =>
  id().nullable().describe(`The department of which it is a part; null for the top. At most ${maxDepth} levels.`);

const fields = {
  name: line(100).describe('Unique among those with the same parent, without case.'),
  description: text(0, 5000).nullable().optional().describe('What the department does.'),
  headUserId: id().nullable().optional().describe('User id of the member who leads it.'),
};

export const DepartmentCreate = input('DepartmentCreate', { ...fields, parentId: parentId().optional() });
export type DepartmentCreate = z.output<typeof DepartmentCreate>;

export const DepartmentUpdate = input('DepartmentUpdate', { id: id(), ...fields, name: fields.name.optional() });
export type DepartmentUpdate = z.output<typeof DepartmentUpdate>;

export const DepartmentMove = input('DepartmentMove', { id: id(), parentId: parentId() });
export type DepartmentMove = z.output<typeof DepartmentMove>;

export const DepartmentListInput = z.strictObject({
  ...listInput(Department, 'createdAt', 'name'),
  parent: anyIdOr('none').describe('Department ids, or `none` for those at the top.'),
  within: id().optional().describe('A department: it and everything below it.'),
  search: text(1, 200).optional().describe('Part of the name, in any case and Unicode form.'),
});
export type DepartmentListInput = z.output<typeof DepartmentListInput>;

export const DepartmentMember = z
  .object({
    user: Person.describe('The member.'),
    departmentId: z.uuid().describe('The department in which they work.'),
    addedAt: instantOut().describe('When they were added.'),
  })
  .meta({ id: 'DepartmentMember', description: 'A member in their department.' });
export type DepartmentMember = z.output<typeof DepartmentMember>;

export const DepartmentMemberListInput = z.strictObject({
  id: id().describe('The department.'),
  ...listInput(DepartmentMember, 'addedAt'),
  subtree: z.boolean().default(false).describe('Whether to list the members of the departments below it too.'),
});
export type DepartmentMemberListInput = z.output<typeof DepartmentMemberListInput>;

export const DepartmentMemberPath = z.strictObject({ id: id().describe('The department.'), userId: id() });
export type DepartmentMemberPath = z.output<typeof DepartmentMemberPath>;
