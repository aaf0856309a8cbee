import { listRoles, RoleListInput, RolePage } from '@tenon/core';
import { query, router } from '../trpc.ts';

const roles = { name: 'Roles', description: 'What members may do.' };

export const roleRouter = router({
  list: query({
    rest: 'GET /roles',
    access: 'role:read',
    tags: [roles],
    summary: 'List roles',
    input: RoleListInput,
    output: RolePage,
    run: listRoles,
  }),
});
