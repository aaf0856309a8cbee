import { defineRecord } from '../../records/index.ts';
import { tenancyErrors } from '../tenancy.errors.ts';
import { departmentEvents } from './department.events.ts';
import { departmentMemberTable } from './department.members.entity.ts';
import { DepartmentMember } from './department.members.schema.ts';

export const departmentMembers = defineRecord(departmentMemberTable, {
  output: DepartmentMember,
  people: { user: 'userId' },
  events: { created: departmentEvents.member_added, deleted: departmentEvents.member_removed },
  about: 'departmentId',
  missing: () => tenancyErrors.member_not_found({ field: ['userId'] }),
});
