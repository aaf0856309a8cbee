import {
  ById,
  createRole,
  deleteRole,
  getRole,
  listRoles,
  page,
  Role,
  RoleCreate,
  RoleListInput,
  RoleUpdate,
  tenancyErrors,
  updateRole,
} from '@tenon/core';
import type { Tag } from '../operation.ts';
import { heading, router } from '../trpc.ts';

export const roles: Tag = {
  name: 'Roles',
  description: 'What members may do, where and until when.',
  group: 'People and access',
  guide: 'access',
};
const { mutation, query } = heading(roles);

const { role_not_found, role_key_taken, role_built_in, role_cycle, role_in_use, role_exceeds_own, too_many_roles } =
  tenancyErrors;

export const roleRouter = router({
  list: query({
    rest: 'GET /roles',
    access: 'role:read',
    summary: 'List roles',
    input: RoleListInput,
    output: page(Role),
    run: listRoles,
  }),
  create: mutation({
    rest: 'POST /roles',
    access: 'role:create',
    summary: 'Create a custom role',
    description:
      'It allows what it names and what its parent allows, under the constraints of both. Nobody makes a role that allows more than their own.',
    input: RoleCreate,
    output: Role,
    status: 201,
    problems: [role_not_found, role_key_taken, role_exceeds_own, too_many_roles],
    run: createRole,
  }),
  get: query({
    rest: 'GET /roles/{id}',
    access: 'role:read',
    summary: 'Get a role',
    input: ById,
    output: Role,
    problems: [role_not_found],
    run: getRole,
  }),
  update: mutation({
    rest: 'PATCH /roles/{id}',
    access: 'role:update',
    summary: 'Change a custom role',
    description: 'For everybody who holds it, or a role that inherits from it, within seconds.',
    input: RoleUpdate,
    output: Role,
    versioned: true,
    problems: [role_not_found, role_built_in, role_cycle, role_exceeds_own],
    run: updateRole,
  }),
  delete: mutation({
    rest: 'DELETE /roles/{id}',
    access: 'role:delete',
    summary: 'Delete a custom role for ever',
    description: 'Refused while somebody holds it, an open invitation offers it, or another role inherits from it.',
    input: ById,
    versioned: true,
    problems: [role_not_found, role_built_in, role_in_use, role_exceeds_own],
    run: deleteRole,
  }),
});
