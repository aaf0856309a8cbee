import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltInRoleKey, builtInRoleKeys, builtInRoles, usualPolicy } from '../access/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { writeThroughSystemDoor } from '../database/system-door.ts';
import type { Mailer } from '../identity/index.ts';
import { UserEntity } from '../identity/user.entity.ts';
import type { Clock } from '../kernel/clock.ts';
import { uuidv7 } from '../kernel/ids.ts';
import type { MutationRequest } from '../kernel/mutation.ts';
import type { Principal, WorkingHours } from '../kernel/principal.ts';
import { createPlatform, type Platform, type PlatformSettings } from '../platform.ts';
import { MembershipEntity } from '../tenancy/memberships/membership.entity.ts';
import { OrganizationEntity } from '../tenancy/organizations/organization.entity.ts';
import { everywhere, RoleAssignmentEntity } from '../tenancy/role-assignments/role-assignment.entity.ts';
import { RoleEntity } from '../tenancy/roles/role.entity.ts';
import { createTestDatabase, type TestDialect } from './databases.ts';

/** A clock that changes only when a test sets it. */
export class TestClock implements Clock {
  #now: Date;

  constructor(now: Date = new Date()) {
    this.#now = now;
  }

  now(): Date {
    return new Date(this.#now);
  }

  advance(milliseconds: number): void {
    this.#now = new Date(this.#now.getTime() + milliseconds);
  }

  set(now: Date | string): void {
    this.#now = new Date(now);
  }
}

export interface TestPlatform extends Platform {
  /** Closes the platform and drops its database. */
  dispose(): Promise<void>;
}

export interface TestPlatformOptions {
  clock?: Clock;
  settings?: Partial<PlatformSettings>;
  mailer?: Mailer;
}

/** Makes a complete platform on a private database. */
export async function createTestPlatform(
  dialect: TestDialect,
  options: TestPlatformOptions = {},
): Promise<TestPlatform> {
  const database = await createTestDatabase(dialect);
  const dataDirectory = mkdtempSync(join(tmpdir(), 'tenon-data-'));
  const platform = await createPlatform(
    {
      production: false,
      publicUrl: 'http://localhost:8000',
      corsOrigins: [],
      dataDirectory,
      secretKey: 'a-secret-key-for-tests-0123456789abcdef',
      encryptionKeys: ['dGhlIGtleSBvZiBhbGwgdGVzdHMsIDMyIGJ5dGVzISE='],
      accessTokenMinutes: 20,
      refreshTokenDays: 3,
      requireVerifiedEmail: true,
      passwordMinLength: 8,
      // All tests call from one address.
      attemptsPerAddress: 1_000_000,
      databaseUrl: database.url,
      ...options.settings,
    },
    { ...(options.clock && { clock: options.clock }), ...(options.mailer && { mailer: options.mailer }) },
  );
  return {
    ...platform,
    async dispose() {
      await platform.close();
      await database.drop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

export interface TestMember {
  userId: string;
  email: string;
  principal: Principal;
  /** Makes a new context of this member, with mutation headers if given. */
  ctx(mutation?: Partial<MutationRequest>): ServiceContext;
}

export interface TestOrganization {
  id: string;
  slug: string;
  roleIds: Record<BuiltInRoleKey, string>;
  owner: TestMember;
  /** Adds a person with the given built-in roles. */
  addMember(...roles: BuiltInRoleKey[]): Promise<TestMember>;
  /** Restores its initial state: active, not in the trash, with its tier and its owner. */
  settle(): Promise<void>;
}

/** Tests also run at night. */
const anyHour: WorkingHours = { start: '00:00', end: '24:00', days: [1, 2, 3, 4, 5, 6, 7], exemptPriorities: [] };

let sequence = 0;

const grant = (roleId: string, roleKey: BuiltInRoleKey) => ({
  roleId,
  roleKey,
  permissions: new Set<string>(builtInRoles[roleKey].permissions),
  constraints: builtInRoles[roleKey].constraints,
  scope: { kind: 'organization' } as const,
  validTo: null,
});

/** Writes an organization with its roles and an owner directly to the database, which is faster than registering. */
export async function createOrganization(platform: Platform, name = 'Acme'): Promise<TestOrganization> {
  const organizationId = uuidv7();
  const slug = `${name.toLowerCase()}-${++sequence}`;
  const now = platform.clock.now();
  const roleIds = Object.fromEntries(builtInRoleKeys.map((key) => [key, uuidv7()])) as Record<BuiltInRoleKey, string>;
  const system = platform.context({ principal: null });

  const addUser = async (roles: readonly BuiltInRoleKey[], withOrganization: boolean): Promise<TestMember> => {
    const userId = uuidv7();
    const username = `user-${++sequence}`;
    const email = `${username}@example.com`;
    await writeThroughSystemDoor(system, async (unit) => {
      await unit.insert(UserEntity, {
        id: userId,
        kind: 'person',
        email,
        emailKey: email,
        emailVerifiedAt: now,
        username,
        usernameKey: username,
        fullName: `User ${sequence}`,
        locale: 'en',
        timezone: 'UTC',
        isActive: true,
        createdAt: now,
        updatedAt: now,
      });
      if (withOrganization) {
        await unit.insert(OrganizationEntity, {
          id: organizationId,
          name,
          slug,
          // No limits for most tests; tests about limits set their own tier.
          tier: 'enterprise',
          isActive: true,
          settings: { workingHours: anyHour },
          version: 1,
          createdAt: now,
          createdById: userId,
          updatedAt: now,
          updatedById: userId,
        });
        await unit.insert(
          RoleEntity,
          ...builtInRoleKeys.map((key) => ({
            organizationId,
            id: roleIds[key],
            key,
            name: builtInRoles[key].name,
            builtIn: true,
            permissions: [],
            constraints: [],
            version: 1,
            createdAt: now,
          })),
        );
      }
      await unit.insert(MembershipEntity, {
        organizationId,
        userId,
        status: 'active',
        version: 1,
        joinedAt: now,
        createdAt: now,
        updatedAt: now,
      });
      await unit.insert(
        RoleAssignmentEntity,
        ...roles.map((role) => ({
          organizationId,
          id: uuidv7(),
          userId,
          roleId: roleIds[role],
          scopeKey: everywhere,
          createdAt: now,
          createdById: userId,
        })),
      );
    });
    const principal: Principal = {
      userId,
      sessionId: null,
      emailVerified: true,
      organizationId,
      grants: roles.map((role) => grant(roleIds[role], role)),
      policy: { ...usualPolicy, workingHours: anyHour },
    };
    return {
      userId,
      email,
      principal,
      ctx: (mutation) =>
        platform.context({
          principal,
          ...(mutation
            ? {
                mutation: {
                  procedure: 'test',
                  input: null,
                  idempotencyKey: null,
                  ifMatch: null,
                  dryRun: false,
                  secretAnswer: false,
                  ...mutation,
                },
              }
            : {}),
        }),
    };
  };

  const owner = await addUser(['owner'], true);
  const settle = () =>
    writeThroughSystemDoor(system, async (unit) => {
      const { userId } = owner;
      const active = { isActive: true, deletedAt: null, tier: 'enterprise' as const, maxUsers: null, maxTasks: null };
      await unit.update(OrganizationEntity, { id: organizationId }, active);
      await unit.delete(RoleAssignmentEntity, { organizationId, userId });
      const membership = { status: 'active' as const, endedAt: null, sessionsEndedAt: null };
      await unit.update(MembershipEntity, { organizationId, userId }, membership);
      const owning = {
        organizationId,
        id: uuidv7(),
        userId,
        roleId: roleIds.owner,
        scopeKey: everywhere,
        createdAt: now,
        createdById: userId,
      };
      await unit.insert(RoleAssignmentEntity, owning);
    });
  return { id: organizationId, slug, roleIds, owner, addMember: (...roles) => addUser(roles, false), settle };
}
