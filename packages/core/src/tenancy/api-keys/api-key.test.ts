import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissions, type Permission } from '../../access/index.ts';
import type { ServiceContext } from '../../database/context.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { inUnit } from '../../database/unit-of-work.ts';
import { requestScope } from '../../database/scope.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { codeOf, contextOf } from '../../testing/people.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { removeMember, setMemberRoles, suspendMember } from '../members/member.service.ts';
import { setOrganizationTier } from '../organizations/organization.service.ts';
import { createRole } from '../roles/role.service.ts';
import { createRoleAssignment } from '../role-assignments/role-assignment.service.ts';
import {
  createApiKey,
  deleteApiKey,
  getApiKey,
  listApiKeys,
  revokeApiKeysOf,
  updateApiKey,
} from './api-key.service.ts';
import { writeApiKeyUses } from './api-key.usage.ts';

describe.each(dialects)('API keys on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-02T12:00:00.000Z'));
  let platform: TestPlatform;
  let organization: TestOrganization;
  let admin: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
    organization = await createOrganization(platform);
    admin = await organization.addMember('admin');
  });
  afterAll(() => platform.dispose());

  const keyOf = (
    by: TestMember,
    scopes: Permission[] = ['task:read', 'task:create'],
    expiresAt: string | null = null,
  ) => createApiKey(by.ctx(), { name: 'Import', scopes, expiresAt });
  const acting = (secret: string): Promise<ServiceContext> => contextOf(platform, secret, 'required');
  const permitted = async (secret: string) =>
    (await acting(secret)).principal?.grants.flatMap((grant) => [...grant.permissions]).toSorted();
  /** What another process does: nothing in this one is told. */
  const elsewhere = (work: Parameters<typeof writeThroughSystemDoor>[1]) =>
    writeThroughSystemDoor(platform.context({ principal: null }), work);
  const soon = () => clock.advance(3001);

  it('are shown once and stored as a hash', async () => {
    const { secret, ...key } = await keyOf(admin);
    expect(secret).toMatch(/^sk_[0-9a-f]{8}_[\w-]{43}$/);
    expect(secret.startsWith(`${key.prefix}_`)).toBe(true);
    expect(key).toMatchObject({
      scopes: ['task:read', 'task:create'],
      user: { id: admin.userId },
      createdBy: { id: admin.userId },
      isActive: true,
      lastUsedAt: null,
      expiresAt: null,
    });
    expect(await getApiKey(organization.owner.ctx(), { id: key.id })).toEqual(key);
    const stored = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('api_keys').selectAll().execute(),
    );
    const told = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('event_payloads').selectAll().execute(),
    );
    expect(JSON.stringify([stored, told])).not.toContain(secret.slice(key.prefix.length + 1));
  });

  it('act as their creator, with the scopes alone', async () => {
    const { secret, id } = await keyOf(admin);
    const { principal } = await acting(secret);
    expect(principal).toMatchObject({
      userId: admin.userId,
      sessionId: null,
      apiKeyId: id,
      organizationId: organization.id,
    });
    expect(await permitted(secret)).toEqual(['task:create', 'task:read']);
  });

  it('keep the scope, the constraints and the end of each grant', async () => {
    const developer = await organization.addMember('developer');
    const role = await createRole(organization.owner.ctx(), {
      key: `key-maker-${dialect}`,
      name: 'Key maker',
      parentId: null,
      permissions: ['api_key:create'],
      constraints: [],
    });
    const validTo = new Date(clock.now().getTime() + 3_600_000).toISOString();
    await createRoleAssignment(organization.owner.ctx(), {
      userId: developer.userId,
      roleId: role.id,
      scope: { kind: 'organization' },
      validTo,
    });
    const [grant] = developer.principal.grants;
    if (!grant) throw new Error('A developer holds something.');
    const ctx = platform.context({
      principal: {
        ...developer.principal,
        grants: [grant, { ...grant, constraints: [], permissions: new Set(['api_key:create']) }],
      },
    });
    const { secret } = await createApiKey(ctx, { name: 'x', scopes: ['task:read', 'api_key:create'], expiresAt: null });
    const grants = (await acting(secret)).principal?.grants.map(({ permissions: has, constraints, validTo: end }) => ({
      has: [...has],
      constraints: [...constraints],
      end: end?.toISOString() ?? null,
    }));
    expect(grants).toHaveLength(2);
    expect(grants).toEqual(
      expect.arrayContaining([
        { has: ['task:read'], constraints: ['assignedOnly', 'workingHours'], end: null },
        { has: ['api_key:create'], constraints: [], end: validTo },
      ]),
    );
    clock.advance(3_600_001);
    expect(await permitted(secret)).toEqual(['task:read']);
  });

  it('are not made with more than their creator holds', async () => {
    for (const scope of permissions.filter((permission) => !admin.principal.grants[0]?.permissions.has(permission)))
      expect(await codeOf(keyOf(admin, ['task:read', scope]))).toBe('scope_exceeds_own');
    expect(await codeOf(keyOf(await organization.addMember('manager')))).toBe('permission_denied');
  });

  it('lose what their creator loses', async () => {
    const demoted = await organization.addMember('admin');
    const { secret } = await keyOf(demoted, ['task:read', 'member:update']);
    expect(await permitted(secret)).toEqual(['member:update', 'task:read']);
    const { id: organizationId, roleIds } = organization;
    await setMemberRoles(organization.owner.ctx(), {
      organizationId,
      userId: demoted.userId,
      roleIds: [roleIds.viewer],
    });
    expect(await permitted(secret)).toEqual(['task:read']);
    await elsewhere((unit) => unit.db.deleteFrom('role_assignments').where('user_id', '=', demoted.userId).execute());
    soon();
    expect(await permitted(secret)).toEqual([]);
  });

  it('end with the membership, and do not come back with it', async () => {
    const { id: organizationId } = organization;
    const gone = await organization.addMember('admin');
    const { secret, id } = await keyOf(gone);
    const path = { organizationId, userId: gone.userId };
    expect(await codeOf(acting(secret))).toBe('passed');
    await suspendMember(organization.owner.ctx(), path);
    for (const need of ['none', 'optional', 'required'] as const)
      expect(await codeOf(contextOf(platform, secret, need))).toBe('unauthenticated');
    await removeMember(organization.owner.ctx(), path);
    expect(await codeOf(getApiKey(admin.ctx(), { id }))).toBe('api_key_not_found');
    await elsewhere((unit) =>
      unit.db.updateTable('memberships').set({ status: 'active' }).where('user_id', '=', gone.userId).execute(),
    );
    soon();
    expect(await codeOf(acting(secret))).toBe('unauthenticated');
  });

  it('of one member end without those of others', async () => {
    const [one, other] = [await organization.addMember('admin'), await organization.addMember('admin')];
    const [ended, kept] = [await keyOf(one), await keyOf(other)];
    for (const { secret } of [ended, kept]) expect(await codeOf(acting(secret))).toBe('passed');
    await inUnit(admin.ctx(), requestScope(admin.principal), (unit) => revokeApiKeysOf(unit, one.userId));
    expect(await codeOf(acting(ended.secret))).toBe('unauthenticated');
    expect(await codeOf(acting(kept.secret))).toBe('passed');
  });

  it('stop working when revoked: at once here, within 5 seconds elsewhere', async () => {
    const [here, there] = [await keyOf(admin), await keyOf(admin)];
    for (const { secret } of [here, there]) expect(await codeOf(acting(secret))).toBe('passed');
    await deleteApiKey(organization.owner.ctx(), { id: here.id });
    expect(await codeOf(acting(here.secret))).toBe('unauthenticated');
    await elsewhere((unit) => unit.db.deleteFrom('api_keys').where('id', '=', there.id).execute());
    soon();
    expect(await codeOf(acting(there.secret))).toBe('unauthenticated');
  });

  it('stop when they expire, and when they are made inactive', async () => {
    const expiresAt = new Date(clock.now().getTime() + 60_000).toISOString();
    const ending = await keyOf(admin, ['task:read'], expiresAt);
    const stopped = await keyOf(admin);
    expect(await codeOf(acting(stopped.secret))).toBe('passed');
    await updateApiKey(admin.ctx(), { id: stopped.id, isActive: false });
    expect(await codeOf(acting(stopped.secret))).toBe('unauthenticated');
    await updateApiKey(admin.ctx(), { id: stopped.id, isActive: true });
    expect(await codeOf(acting(stopped.secret))).toBe('passed');
    clock.advance(59_999);
    expect(await codeOf(acting(ending.secret))).toBe('passed');
    clock.advance(1);
    expect(await codeOf(acting(ending.secret))).toBe('unauthenticated');
    expect(await codeOf(keyOf(admin, ['task:read'], clock.now().toISOString()))).toBe('validation_failed');
  });

  it('are enabled by those alone who could have made them', async () => {
    const { id } = await keyOf(organization.owner, ['task:read', 'organization:delete']);
    await updateApiKey(admin.ctx(), { id, isActive: false });
    expect(await codeOf(updateApiKey(admin.ctx(), { id, isActive: true }))).toBe('scope_exceeds_own');
    expect(await updateApiKey(organization.owner.ctx(), { id, isActive: true })).toMatchObject({ isActive: true });
  });

  it('stop with their user and with the organization', async () => {
    const inactive = await createOrganization(platform, 'Closing');
    const { secret } = await keyOf(inactive.owner);
    expect(await codeOf(acting(secret))).toBe('passed');
    const set = (change: { is_active?: boolean; deleted_at?: string | null }) =>
      elsewhere((unit) =>
        unit.db
          .updateTable('organizations')
          .set({
            ...('is_active' in change ? { is_active: change.is_active } : {}),
            ...('deleted_at' in change
              ? { deleted_at: change.deleted_at === null ? null : sql<string>`${clock.now()}` }
              : {}),
          })
          .where('id', '=', inactive.id)
          .execute(),
      );
    await set({ is_active: false });
    soon();
    expect(await codeOf(acting(secret))).toBe('organization_inactive');
    await set({ is_active: true, deleted_at: 'now' });
    soon();
    expect(await codeOf(acting(secret))).toBe('unauthenticated');
    await set({ deleted_at: null });
    soon();
    expect(await codeOf(acting(secret))).toBe('passed');
    await elsewhere((unit) =>
      unit.db.updateTable('users').set({ is_active: false }).where('id', '=', inactive.owner.userId).execute(),
    );
    soon();
    expect(await codeOf(acting(secret))).toBe('unauthenticated');
  });

  it('reach no other organization, even of their user', async () => {
    const other = await createOrganization(platform, 'Elsewhere');
    const [now, at] = [clock.now(), { organizationId: other.id, userId: admin.userId }];
    await elsewhere((unit) =>
      unit.insert(MembershipEntity, {
        ...at,
        status: 'active',
        version: 1,
        joinedAt: now,
        createdAt: now,
        updatedAt: now,
      }),
    );
    soon();
    const { secret } = await keyOf(admin);
    for (const chosen of [{ path: other.id }, { header: other.slug }, { path: 'nowhere' }])
      expect(await codeOf(contextOf(platform, secret, 'required', chosen))).toBe('organization_not_found');
    for (const chosen of [{ path: organization.id }, { header: organization.slug }])
      expect(await codeOf(contextOf(platform, secret, 'required', chosen))).toBe('passed');
  });

  it('make, change and revoke no keys, and own nothing', async () => {
    const { secret, id } = await keyOf(organization.owner, [...permissions]);
    const ctx = await acting(secret);
    expect(await codeOf(createApiKey(ctx, { name: 'x', scopes: ['task:read'], expiresAt: null }))).toBe(
      'api_key_refused',
    );
    expect(await codeOf(updateApiKey(ctx, { id, name: 'y' }))).toBe('api_key_refused');
    expect(await codeOf(deleteApiKey(ctx, { id }))).toBe('api_key_refused');
    const { id: organizationId, roleIds } = organization;
    const { userId } = await organization.addMember('viewer');
    expect(await codeOf(setMemberRoles(ctx, { organizationId, userId, roleIds: [roleIds.owner] }))).toBe(
      'role_exceeds_own',
    );
  });

  it('give nobody more than their scopes', async () => {
    const { secret } = await keyOf(organization.owner, ['member:update', 'role:create', ...viewing]);
    const ctx = await acting(secret);
    const { id: organizationId, roleIds } = organization;
    const { userId } = await organization.addMember('auditor');
    const give = (role: 'manager' | 'viewer') =>
      codeOf(setMemberRoles(ctx, { organizationId, userId, roleIds: [roleIds.auditor, roleIds[role]] }));
    expect(await give('manager')).toBe('role_exceeds_own');
    expect(await give('viewer')).toBe('passed');
    const fields = { key: `beyond-${dialect}`, name: 'Beyond', parentId: null, constraints: [] };
    expect(await codeOf(createRole(ctx, { ...fields, permissions: ['task:delete'] }))).toBe('role_exceeds_own');
    expect(await codeOf(createRole(ctx, { ...fields, permissions: ['task:read'] }))).toBe('passed');
  });

  const viewing = permissions.filter((permission) => permission.endsWith(':read'));

  it('are refused when they are no keys', async () => {
    const { secret } = await keyOf(admin);
    for (const wrong of [
      'sk_',
      secret.slice(0, -1),
      `${secret}A`,
      secret.replace(/.$/, (end) => (end === 'A' ? 'B' : 'A')),
    ])
      expect(await codeOf(acting(wrong))).toBe('unauthenticated');
  });

  it('leave their name on what they did, for ever', async () => {
    const { secret, id } = await keyOf(organization.owner, ['role:create', 'task:read']);
    const role = await createRole(await acting(secret), {
      key: `by-key-${dialect}`,
      name: 'By key',
      parentId: null,
      permissions: ['task:read'],
      constraints: [],
    });
    const told = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('events').selectAll().where('entity_id', 'in', [role.id, id]).orderBy('id').execute(),
    );
    expect(told).toMatchObject([
      { type: 'api_key.created', actor_id: organization.owner.userId, api_key_id: null },
      { type: 'role.created', actor_id: organization.owner.userId, api_key_id: id },
    ]);
  });

  it('and their users have Idempotency-Keys of their own', async () => {
    const { secret } = await keyOf(organization.owner, ['role:create', 'task:read']);
    const { principal } = await acting(secret);
    const mutation = {
      procedure: 'roles.create',
      input: 'same',
      idempotencyKey: 'same',
      ifMatch: null,
      dryRun: false,
      secretAnswer: false,
    };
    const fields = { name: 'x', parentId: null, permissions: ['task:read' as const], constraints: [] };
    const [byKey, byUser] = [
      await createRole(platform.context({ principal, mutation }), { ...fields, key: `one-${dialect}` }),
      await createRole(organization.owner.ctx(mutation), { ...fields, key: `two-${dialect}` }),
    ];
    expect(byKey.id).not.toBe(byUser.id);
    const again = await createRole(platform.context({ principal, mutation }), { ...fields, key: `one-${dialect}` });
    expect(again.id).toBe(byKey.id);
  });

  it('tell when they were last used, once a minute', async () => {
    const { secret, id } = await keyOf(admin);
    const write = () => writeApiKeyUses(platform.context({ principal: null }));
    const lastUsed = async () => (await getApiKey(admin.ctx(), { id })).lastUsedAt;
    const first = clock.now().toISOString();
    await acting(secret);
    expect(await lastUsed()).toBeNull();
    await write();
    expect(await lastUsed()).toBe(first);
    clock.advance(59_000);
    await acting(secret);
    await write();
    expect(await lastUsed()).toBe(first);
    clock.advance(1000);
    await acting(secret);
    await write();
    expect(await lastUsed()).toBe(clock.now().toISOString());
    expect(await getApiKey(admin.ctx(), { id })).toMatchObject({ version: 1 });

    clock.advance(60_000);
    await acting(secret);
    const later = new Date(clock.now().getTime() + 1);
    await elsewhere(({ db }) => db.updateTable('api_keys').set({ last_used_at: later }).where('id', '=', id).execute());
    await write();
    expect(await lastUsed()).toBe(later.toISOString());
  });

  it('are as many as the tier allows, also when they are made at once', async () => {
    const small = await createOrganization(platform, 'Small');
    await setOrganizationTier(platform.context({ principal: null }), { organization: small.id, tier: 'free' });
    const made = await Promise.all(Array.from({ length: 6 }, () => codeOf(keyOf(small.owner))));
    expect(made.toSorted()).toEqual([
      ...Array.from({ length: 3 }, () => 'limit_exceeded'),
      ...Array.from({ length: 3 }, () => 'passed'),
    ]);
    const { data } = await listApiKeys(small.owner.ctx(), { limit: 50, total: false, sort: '-createdAt' });
    await deleteApiKey(small.owner.ctx(), { id: data[0]?.id ?? '' });
    expect(await codeOf(keyOf(small.owner))).toBe('passed');
    expect(await codeOf(keyOf(small.owner))).toBe('limit_exceeded');
  });

  it('are listed by whom they act as, and whether they are active', async () => {
    const member = await organization.addMember('admin');
    const [one, two] = [await keyOf(member), await keyOf(member)];
    await updateApiKey(member.ctx(), { id: one.id, isActive: false });
    const list = async (by: TestMember, input: { user?: string[]; active?: boolean }) =>
      (await listApiKeys(by.ctx(), { limit: 50, total: false, sort: '-createdAt', ...input })).data.map(({ id }) => id);
    expect((await list(member, { user: ['me'] })).toSorted()).toEqual([one.id, two.id].toSorted());
    expect(await list(admin, { user: [member.userId], active: true })).toEqual([two.id]);
    expect(await list(admin, { active: false })).toContain(one.id);
  });
});
