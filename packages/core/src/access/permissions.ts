import { z } from 'zod';
import type { Constraint } from '../kernel/principal.ts';

/**
 * Every permission there is, as `resource:action` (C6). A new operation names one of these, and a new resource gets its line
 * here and its place in the roles below: nowhere else.
 */
export const permissions = [
  'organization:read', 'organization:update',
  'organization:deactivate', 'organization:delete', 'organization:transfer',
  'member:read', 'member:invite', 'member:update', 'member:remove',
  'role:read', 'role:create', 'role:update', 'role:delete',
  'department:read', 'department:create', 'department:update', 'department:delete',
  'api_key:read', 'api_key:create', 'api_key:update', 'api_key:delete',
  'service_account:read', 'service_account:create', 'service_account:update', 'service_account:delete',
  // Who manages an issuer can sign in as everybody who is linked to it: for owners alone.
  'identity_provider:read', 'identity_provider:manage',
  'team:read', 'team:create', 'team:update', 'team:delete',
  'project:read', 'project:read_private', 'project:create', 'project:update', 'project:delete',
  'task:read', 'task:create', 'task:update', 'task:delete', 'task:delete_any', 'task:reassign',
  'tag:read', 'tag:create', 'tag:update', 'tag:delete',
  'comment:read', 'comment:create', 'comment:delete_any',
  'attachment:read', 'attachment:create', 'attachment:delete', 'attachment:delete_any',
  'activity:read', 'event:read', 'analytics:read', 'usage:read', 'audit:read', 'audit:export',
  'webhook:read', 'webhook:create', 'webhook:update', 'webhook:delete',
] as const; // prettier-ignore

export const Permission = z.enum(permissions).meta({
  id: 'Permission',
  description: 'What somebody may do, as `resource:action`.',
});
export type Permission = (typeof permissions)[number];

/** What these show is of the whole organization, so a role in a part of it does not grant them. Roles name them one by one. */
export const organizationWide: readonly string[] = ['usage:read', 'audit:read', 'webhook:read'] satisfies Permission[];

const reads = permissions.filter(
  (permission) => permission.endsWith(':read') && !organizationWide.includes(permission),
);

type Resource = Permission extends `${infer Name}:${string}` ? Name : never;

/** Every permission for these resources except reading them. `read_private` reads too, and is given by its name alone. */
const writes = (...resources: readonly Resource[]) =>
  permissions.filter((permission) => {
    const [resource = '', action] = permission.split(':');
    return action !== 'read' && action !== 'read_private' && resources.some((name) => name === resource);
  });

const member: readonly Permission[] = [
  ...reads,
  'task:create',
  'task:update',
  'task:delete',
  'comment:create',
  'attachment:create',
  'attachment:delete',
  'tag:create',
];
const manager: readonly Permission[] = [...reads, ...writes('project', 'task', 'tag', 'comment', 'attachment')];
const admin: readonly Permission[] = [
  ...manager,
  'project:read_private',
  'organization:update',
  'usage:read',
  'audit:read',
  'audit:export',
  'webhook:read',
  ...writes('member', 'role', 'department', 'team', 'api_key', 'service_account', 'webhook'),
];

/** The built-in roles: rows in every organization, whose permissions are these. From the strongest to the weakest. */
export const builtInRoles = {
  owner: { name: 'Owner', permissions: permissions, constraints: [] },
  admin: { name: 'Admin', permissions: admin, constraints: [] },
  manager: { name: 'Manager', permissions: manager, constraints: [] },
  member: { name: 'Member', permissions: member, constraints: [] },
  viewer: { name: 'Viewer', permissions: reads, constraints: [] },
  developer: { name: 'Developer', permissions: member, constraints: ['assignedOnly', 'workingHours'] },
  auditor: {
    name: 'Auditor',
    permissions: [...reads, 'project:read_private', 'usage:read', 'audit:read', 'audit:export'],
    constraints: [],
  },
} as const satisfies Record<string, BuiltInRole>;

interface BuiltInRole {
  name: string;
  permissions: readonly Permission[];
  constraints: readonly Constraint[];
}

export type BuiltInRoleKey = keyof typeof builtInRoles;
export const builtInRoleKeys = Object.keys(builtInRoles) as BuiltInRoleKey[];
/** The role that owns the organization. Owning is held, not made of permissions: only owners make owners. */
export const ownerKey = 'owner' satisfies BuiltInRoleKey;

export const isBuiltInRoleKey = (key: string): key is BuiltInRoleKey => key in builtInRoles;
