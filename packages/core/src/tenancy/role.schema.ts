import { z } from 'zod';
import { id, page, pageInput, sort } from '../kernel/schemas.ts';

export const Role = z
  .object({
    id: z.uuid(),
    key: z.string().describe('Stable: what programs name it by.'),
    name: z.string(),
    builtIn: z.boolean(),
    permissions: z.array(z.string()).describe('As `resource:action`.'),
    constraints: z.array(z.string()).describe('Rules that narrow what the permissions allow.'),
    parentId: z.uuid().nullable(),
  })
  .meta({ id: 'Role' });
export type Role = z.output<typeof Role>;

export const RolePage = page(Role).meta({ id: 'RolePage' });

/** A role as the people who hold it show it. */
export const HeldRole = z.object({ id: z.uuid(), key: z.string(), name: z.string() }).meta({ id: 'HeldRole' });
export type HeldRole = z.output<typeof HeldRole>;

export const RoleListInput = z.strictObject({ ...pageInput, sort: sort(['createdAt']).default('-createdAt') });
export type RoleListInput = z.output<typeof RoleListInput>;

/** The roles to give: at least one, none twice. */
export const roleIds = () =>
  z
    .array(id())
    .min(1)
    .max(20)
    .refine((ids) => new Set(ids).size === ids.length, 'Must not name the same one twice.');
