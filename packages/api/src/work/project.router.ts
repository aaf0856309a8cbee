import {
  archiveProject,
  createProject,
  deleteProject,
  errors,
  getProject,
  listProjects,
  page,
  Project,
  ProjectById,
  ProjectCreate,
  ProjectDelete,
  ProjectGet,
  ProjectListInput,
  ProjectUpdate,
  restoreProject,
  tenancyErrors,
  unarchiveProject,
  updateProject,
  workErrors,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { mutation, query } = heading({
  name: 'Projects',
  description:
    'What tasks are for. Tasks in a project have a key, such as `DEPOT-12`. A private project is seen by its members.',
});

const { project_not_found, project_key_taken, project_not_deleted } = workErrors;
const { member_not_found } = tenancyErrors;

export const projectRouter = router({
  list: query({
    rest: 'GET /projects',
    access: 'project:read',
    summary: 'List projects',
    input: ProjectListInput,
    output: page(Project),
    run: listProjects,
  }),
  create: mutation({
    rest: 'POST /projects',
    access: 'project:create',
    summary: 'Create a project',
    description: 'Its creator and its lead become members of it.',
    status: 201,
    input: ProjectCreate,
    output: Project,
    problems: [project_key_taken, member_not_found],
    run: createProject,
  }),
  get: query({
    rest: 'GET /projects/{id}',
    access: 'project:read',
    summary: 'Read a project',
    input: ProjectGet,
    output: Project,
    problems: [project_not_found],
    run: getProject,
  }),
  update: mutation({
    rest: 'PATCH /projects/{id}',
    access: 'project:update',
    summary: 'Change a project',
    description:
      'Only the fields that are sent change; null clears. When it becomes private, its creator, its lead, the people assigned to its tasks and the caller become members. A key that it had goes on leading to it, and no other project can take it.',
    versioned: true,
    input: ProjectUpdate,
    output: Project,
    problems: [project_not_found, project_key_taken, member_not_found],
    run: updateProject,
  }),
  delete: mutation({
    rest: 'DELETE /projects/{id}',
    access: 'project:delete',
    summary: 'Move a project and its tasks to the trash',
    description:
      'With `permanent` it deletes them for ever, in the trash or not. More than 500 tasks take long: the project itself is in the trash at once, or nothing is deleted yet, and a job goes on.',
    versioned: true,
    long: true,
    input: ProjectDelete,
    problems: [project_not_found],
    run: deleteProject,
  }),
  restore: mutation({
    rest: 'POST /projects/{id}/restore',
    access: 'project:delete',
    summary: 'Bring back a project with the tasks that were trashed with it',
    description: 'More than 500 tasks take long: the project itself is back at once, and a job goes on.',
    versioned: true,
    long: true,
    input: ProjectById,
    output: Project,
    problems: [project_not_found, project_not_deleted, errors.limit_exceeded],
    run: restoreProject,
  }),
  archive: mutation({
    rest: 'POST /projects/{id}/archive',
    access: 'project:update',
    summary: 'Put a project into the archive',
    description: 'Its tasks stay as they are.',
    versioned: true,
    input: ProjectById,
    output: Project,
    problems: [project_not_found],
    run: archiveProject,
  }),
  unarchive: mutation({
    rest: 'POST /projects/{id}/unarchive',
    access: 'project:update',
    summary: 'Take a project out of the archive',
    versioned: true,
    input: ProjectById,
    output: Project,
    problems: [project_not_found],
    run: unarchiveProject,
  }),
});
