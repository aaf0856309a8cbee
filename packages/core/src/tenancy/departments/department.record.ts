import { defineErrors, notFound } from '../../kernel/errors.ts';
import { keyOf } from '../../kernel/text.ts';
import { defineRecord } from '../../records/index.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { departmentMemberTable, departmentTable } from './department.entity.ts';
import { departmentEvents } from './department.events.ts';
import { idsOf, maxDepth } from './department.path.ts';
import { Department, DepartmentMember } from './department.schema.ts';

export const departmentErrors = defineErrors({
  department_not_found: notFound('department'),
  department_name_taken: {
    kind: 'conflict',
    message: 'There is already a department of this name in the same place.',
    cause: 'Another department below the same parent has this name. Names are compared without case.',
    remedy: 'Choose another name, or another parent.',
  },
  department_cycle: {
    kind: 'conflict',
    message: 'A department cannot be a part of itself or of its own departments.',
    cause: 'The department would be below itself.',
    remedy: 'Choose a parent that is neither this department nor one below it.',
  },
  department_too_deep: {
    kind: 'conflict',
    message: `Departments can be at most ${maxDepth} levels deep.`,
    cause: 'The tree of departments would have more levels than are possible.',
    remedy: 'Choose a parent that is higher in the tree.',
  },
  department_not_empty: {
    kind: 'conflict',
    message: 'Something still belongs to this department: move it first.',
    cause: 'The department has departments, teams, members or roles.',
    remedy: 'Move or remove what belongs to it, and delete it afterwards.',
  },
});

export const departments = defineRecord(departmentTable, {
  output: Department,
  people: { head: 'headUserId' },
  events: departmentEvents,
  derived: ({ name, parentId, pathSort }) => ({
    nameSort: keyOf(name),
    siblingKey: `${parentId ?? ''}/${keyOf(name)}`,
    path: idsOf(pathSort),
  }),
  missing: departmentErrors.department_not_found,
  taken: { error: departmentErrors.department_name_taken, fields: ['name', 'parentId'] },
  inUse: (kinds) =>
    departmentErrors.department_not_empty({ message: `${kinds} still belong to this department: move them first.` }),
});

export const departmentMembers = defineRecord(departmentMemberTable, {
  output: DepartmentMember,
  people: { user: 'userId' },
  events: { created: departmentEvents.member_added, deleted: departmentEvents.member_removed },
  about: 'departmentId',
  missing: () => tenancyErrors.member_not_found({ field: ['userId'] }),
});
