import {
  addProjectMember,
  listProjectMembers,
  page,
  ProjectMember,
  ProjectMemberListInput,
  ProjectMemberPath,
  removeProjectMember,
  tenancyErrors,
  workErrors,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Project members',
  description: 'The people of a project. Only they see a private one, and those who may read all private projects.',
  group: 'Work',
  guide: 'projects',
});

const { project_not_found } = workErrors;
const { member_not_found } = tenancyErrors;

export const projectMemberRouter = router({
  list: query({
    rest: 'GET /projects/{projectId}/members',
    access: 'project:read',
    summary: 'List the members of a project',
    input: ProjectMemberListInput,
    output: page(ProjectMember),
    problems: [project_not_found],
    run: listProjectMembers,
  }),
  add: mutation({
    rest: 'PUT /projects/{projectId}/members/{userId}',
    access: 'project:update',
    summary: 'Add a member to a project',
    description: 'Done twice, it changes nothing.',
    input: ProjectMemberPath,
    output: ProjectMember,
    problems: [project_not_found, member_not_found],
    run: addProjectMember,
  }),
  remove: mutation({
    rest: 'DELETE /projects/{projectId}/members/{userId}',
    access: 'project:update',
    summary: 'Remove a member from a project',
    description:
      'They are no longer assigned to its tasks, nor do they lead it. More than 500 tasks take long: they are no member at once, and a job goes on.',
    long: true,
    input: ProjectMemberPath,
    problems: [project_not_found, member_not_found],
    run: removeProjectMember,
  }),
});
