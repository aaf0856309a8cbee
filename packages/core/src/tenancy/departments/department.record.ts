import { defineRecord } from '../../records/index.ts';
import { departmentTable } from './department.entity.ts';
import { departmentErrors } from './department.errors.ts';
import { departmentEvents } from './department.events.ts';
import { idsOf } from './department.path.ts';
import { Department } from './department.schema.ts';

export const departments = defineRecord(departmentTable, {
  output: Department,
  people: { head: 'headUserId' },
  events: departmentEvents,
  derived: ({ name, parentId, pathSort }) => ({
    nameSort: name.toLowerCase(),
    siblingKey: `${parentId ?? ''}/${name.toLowerCase()}`,
    path: idsOf(pathSort),
  }),
  missing: departmentErrors.department_not_found,
  taken: { error: departmentErrors.department_name_taken, fields: ['name', 'parentId'] },
  inUse: (kinds) =>
    departmentErrors.department_not_empty({ message: `${kinds} still belong to this department: move them first.` }),
});
