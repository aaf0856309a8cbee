import { z } from 'zod';
import { anyOf, auditOut, id, idOr, listInput, page, Person } from '../../kernel/schemas.ts';
import { line, text } from '../../kernel/text.ts';
import { maxDepth } from './department.path.ts';

export const Department = z
  .object({
    id: z.uuid(),
    name: z.string().describe('Unique among those with the same parent, without case.'),
    description: z.string().nullable(),
    parentId: z.uuid().nullable().describe('Null at the top.'),
    path: z.array(z.uuid()).describe('The ids from the top down to its own. Moving one above it changes no version.'),
    head: Person.nullable().describe('The member who leads it.'),
    ...auditOut,
  })
  .meta({ id: 'Department' });
export type Department = z.output<typeof Department>;

export const DepartmentPage = page(Department).meta({ id: 'DepartmentPage' });

const parentId = () =>
  id().nullable().describe(`The department of which it is a part; null for the top. At most ${maxDepth} levels.`);

const fields = {
  name: line(100),
  description: text(0, 5000).nullable().optional(),
  headUserId: id().nullable().optional().describe('User id of the member who leads it.'),
};

export const DepartmentCreate = z
  .strictObject({ ...fields, parentId: parentId().optional() })
  .meta({ id: 'DepartmentCreate' });
export type DepartmentCreate = z.output<typeof DepartmentCreate>;

export const DepartmentUpdate = z
  .strictObject({ id: id(), ...fields, name: fields.name.optional() })
  .meta({ id: 'DepartmentUpdate' });
export type DepartmentUpdate = z.output<typeof DepartmentUpdate>;

export const DepartmentMove = z.strictObject({ id: id(), parentId: parentId() }).meta({ id: 'DepartmentMove' });
export type DepartmentMove = z.output<typeof DepartmentMove>;

export const DepartmentId = z.strictObject({ id: id() });
export type DepartmentId = z.output<typeof DepartmentId>;

export const DepartmentListInput = z.strictObject({
  ...listInput('createdAt', 'name'),
  parent: anyOf(idOr('none')).describe('Department ids, or `none` for those at the top.'),
  within: id().optional().describe('A department: it and everything below it.'),
  search: text(1, 200).optional().describe('Part of the name, without case.'),
});
export type DepartmentListInput = z.output<typeof DepartmentListInput>;
