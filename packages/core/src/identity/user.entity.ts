import { defineEntity, p } from '@mikro-orm/core';
import type { Avatar } from '../files/index.ts';
import { id, instant } from '../database/columns.ts';
import { defineTable, type TableOptions } from '../database/table.ts';

/** A person or a program, in the whole instance. Memberships connect users to organizations. */
export const UserEntity = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    id: id().primary(),
    /** A `service` is a program. It has no password, and no mail goes to its address. */
    kind: p.enum(['person', 'service']).default('person'),
    email: p.string(),
    /** The address in lower case, because addresses are compared without case. */
    emailKey: p.string().unique(),
    emailVerifiedAt: instant().nullable(),
    username: p.string().nullable(),
    usernameKey: p.string().nullable().unique(),
    fullName: p.string().nullable(),
    /** The full name in lower case without accents, for search. */
    nameKey: p.text().nullable(),
    locale: p.string(),
    timezone: p.string(),
    avatarUrl: p.text().nullable(),
    /** The picture in the file store. Null when there is none, or when it is elsewhere. */
    avatar: p.json<Avatar>().nullable(),
    isActive: p.boolean(),
    lastLoginAt: instant().nullable(),
    /** Since when the user is an instance administrator; null if not. */
    instanceAdminSince: instant().nullable(),
    createdAt: instant(),
    updatedAt: instant(),
  },
  indexes: [
    { properties: ['createdAt', 'id'] },
    { name: 'users_inactive_index', properties: ['createdAt', 'id'], where: 'is_active = false' },
  ],
});

/** A profile is visible to its owner, and in every organization in which the owner has or had a membership. */
export const userTable = defineTable(UserEntity, {
  kind: 'membership',
  own: { property: 'id', is: 'user' },
  identityDoor: true,
  wall: '{table}.id = {user} or exists (select 1 from memberships m where m.organization_id = {organization} and m.user_id = {table}.id)',
  checkWall: '{table}.id = {user}',
});

/** What a table declares whose rows belong to one user, and are deleted with the user. The identity door reaches them. */
export const ownedByUser: TableOptions = {
  kind: 'person',
  identityDoor: true,
  references: [{ columns: ['userId'], to: () => UserEntity, onDelete: 'cascade' }],
};
