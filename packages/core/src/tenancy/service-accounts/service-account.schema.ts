import { z } from 'zod';
import { id, input, instantOut, listInput, Person, versionOut } from '../../kernel/schemas.ts';
import { line } from '../../kernel/text.ts';
import { HeldRole, roleIds } from '../roles/role.schema.ts';

export const ServiceAccount = z
  .object({
    id: z.uuid().describe('Its user id: what `person` shows of what it does, and role assignments name.'),
    name: z.string().describe('What it is for.'),
    isActive: z.boolean().describe('Whether its API keys work.'),
    roles: z.array(HeldRole).describe('Those that it holds everywhere, the strongest first.'),
    createdBy: Person,
    createdAt: instantOut(),
    version: versionOut(),
  })
  .meta({ id: 'ServiceAccount', description: 'A user that is no person: a program, in one organization.' });
export type ServiceAccount = z.output<typeof ServiceAccount>;

export const ServiceAccountCreate = input('ServiceAccountCreate', {
  name: line(200).describe('What it is for.'),
  roleIds: roleIds().describe('What it may do everywhere; never to own.'),
});
export type ServiceAccountCreate = z.output<typeof ServiceAccountCreate>;

export const ServiceAccountUpdate = input('ServiceAccountUpdate', {
  id: id(),
  name: line(200).optional().describe('What it is for.'),
  isActive: z.boolean().optional().describe('False stops all of its API keys.'),
});
export type ServiceAccountUpdate = z.output<typeof ServiceAccountUpdate>;

export const ServiceAccountListInput = z.strictObject(listInput(ServiceAccount, 'createdAt'));
export type ServiceAccountListInput = z.output<typeof ServiceAccountListInput>;
