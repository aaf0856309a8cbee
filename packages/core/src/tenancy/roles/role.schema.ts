import { z } from 'zod';
import { Permission, permissions } from '../../access/index.ts';
import { constraints } from '../../kernel/principal.ts';
import { auditOut, distinct, id, input, listInput, output } from '../../kernel/schemas.ts';
import { line } from '../../kernel/text.ts';

export const Role = output('Role', {
  id: z.uuid(),
  key: z.string().describe('Stable: what programs name it by.'),
  name: z.string().describe('What people call it.'),
  builtIn: z.boolean().describe('Whether every organization has it. Such a role cannot be changed.'),
  permissions: z.array(z.string()).describe('What it says itself, as `resource:action`.'),
  constraints: z.array(z.string()).describe('Rules that narrow what it allows.'),
  parentId: z.uuid().nullable().describe('The role whose permissions and constraints it inherits.'),
  effectivePermissions: z.array(z.string()).describe('With what it inherits.'),
  effectiveConstraints: z.array(z.string()).describe('With what it inherits.'),
  version: auditOut.version,
});
export type Role = z.output<typeof Role>;

/** A role, as members and invitations show it. */
export const HeldRole = output('HeldRole', {
  id: z.uuid(),
  key: z.string().describe('Stable: what programs name it by.'),
  name: z.string().describe('What people call it.'),
});
export type HeldRole = z.output<typeof HeldRole>;

export const RoleListInput = z.strictObject(listInput(Role, 'createdAt'));
export type RoleListInput = z.output<typeof RoleListInput>;

/** The ids of the roles to give: at least one, none twice. */
export const roleIds = () => distinct(z.array(id()).min(1).max(20));

const fields = {
  name: line(100).describe('What people call it.'),
  permissions: distinct(z.array(Permission).max(permissions.length)).describe(
    'What it allows. None that you do not have yourself.',
  ),
  constraints: distinct(z.array(z.enum(constraints)).max(constraints.length)).describe(
    'Rules that narrow what it allows.',
  ),
  parentId: id().nullable().describe('The role whose permissions and constraints it inherits; null is none.'),
};

export const RoleCreate = input('RoleCreate', {
  name: fields.name,
  key: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{1,39}$/, 'Must be 2 to 40 of a-z, 0-9, "_" and "-", beginning with a letter.')
    .optional()
    .describe('Made from the name when absent.'),
  permissions: fields.permissions.default([]),
  constraints: fields.constraints.default([]),
  parentId: fields.parentId.default(null),
});
export type RoleCreate = z.output<typeof RoleCreate>;

export const RoleUpdate = input('RoleUpdate', { id: id(), ...z.object(fields).partial().shape });
export type RoleUpdate = z.output<typeof RoleUpdate>;
