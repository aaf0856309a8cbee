import { z } from 'zod';
import { email } from '../../identity/index.ts';
import { id, input, listInput, output } from '../../kernel/schemas.ts';
import { line, text } from '../../kernel/text.ts';
import { memberStatuses } from '../memberships/membership.entity.ts';
import { Membership } from '../memberships/membership.schema.ts';
import { organizationPath } from '../organizations/organization.schema.ts';
import { HeldRole, roleIds } from '../roles/role.schema.ts';

const { user, status, title, joinedAt } = Membership.shape;

export const Member = z
  .object({
    user,
    status,
    title,
    roles: z.array(HeldRole).describe('The strongest first.'),
    departmentId: z.uuid().nullable().describe('The department in which they work.'),
    joinedAt,
  })
  .meta({ id: 'Member', description: 'A user in an organization.' });
export type Member = z.output<typeof Member>;

export const MemberListInput = z.strictObject({
  ...organizationPath,
  ...listInput(Member, 'joinedAt'),
  status: z
    .array(z.enum(memberStatuses))
    .min(1)
    .max(3)
    .default(['active', 'suspended'])
    .describe('Any of these; by default everybody whose membership has not ended.'),
  search: text(1, 200).optional().describe('Part of the e-mail address, the username or the full name.'),
});
export type MemberListInput = z.output<typeof MemberListInput>;

export const MemberAdd = input('MemberAdd', {
  ...organizationPath,
  email: email(),
  roleIds: roleIds().describe('What the member will be.'),
});
export type MemberAdd = z.output<typeof MemberAdd>;

export const MemberInvited = output('MemberInvited', { status: z.literal('invited').describe('Always `invited`.') });
export type MemberInvited = z.output<typeof MemberInvited>;

export const MemberRoles = input('MemberRoles', {
  ...organizationPath,
  userId: id(),
  roleIds: roleIds().describe('All roles of the member from now on.'),
});
export type MemberRoles = z.output<typeof MemberRoles>;

export const MemberUpdate = input('MemberUpdate', {
  ...organizationPath,
  userId: id(),
  title: line(200).nullable().optional().describe('What they do in the organization.'),
});
export type MemberUpdate = z.output<typeof MemberUpdate>;

export const MemberPath = z.strictObject({ ...organizationPath, userId: id() });
export type MemberPath = z.output<typeof MemberPath>;
