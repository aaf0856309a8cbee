import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Permission } from '../../access/index.ts';
import { readThroughSystemDoor } from '../../database/system-door.ts';
import { listUsers } from '../../identity/index.ts';
import { UserListInput } from '../../identity/user.schema.ts';
import {
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { codeOf, contextOf, password, signIn } from '../../testing/people.ts';
import { createApiKey } from '../api-keys/api-key.service.ts';
import { listMembers } from '../members/member.queries.ts';
import { MemberListInput } from '../members/member.schema.ts';
import { removeMember, setMemberRoles } from '../members/member.service.ts';
import { transferOwnership } from '../ownership/organization.ownership.ts';
import { createRoleAssignment } from '../role-assignments/role-assignment.service.ts';
import { TeamCreate } from '../teams/team.schema.ts';
import { createTeam } from '../teams/team.service.ts';
import { getServiceAccount, listServiceAccounts } from './service-account.queries.ts';
import { createServiceAccount, deleteServiceAccount, updateServiceAccount } from './service-account.service.ts';

describe.each(dialects)('service accounts on %s', (dialect) => {
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

  const make = (by: TestMember = admin, role: keyof TestOrganization['roleIds'] = 'member', name = 'Importer') =>
    createServiceAccount(by.ctx(), { name, roleIds: [organization.roleIds[role]] });
  const keyOf = (id: string, scopes: Permission[] = ['task:read', 'task:delete_any'], by: TestMember = admin) =>
    createApiKey(by.ctx(), { name: 'Key', scopes, expiresAt: null, serviceAccountId: id });
  const acting = (secret: string) => contextOf(platform, secret, 'required');
  const permitted = async (secret: string) =>
    (await acting(secret)).principal?.grants.flatMap((grant) => [...grant.permissions]).toSorted();

  it('act by their keys, with their own grants within the scopes', async () => {
    const account = await make();
    expect(account).toMatchObject({
      name: 'Importer',
      isActive: true,
      roles: [{ key: 'member' }],
      createdBy: { id: admin.userId },
      version: 1,
    });
    expect(await getServiceAccount(admin.ctx(), { id: account.id })).toEqual(account);
    const key = await keyOf(account.id);
    expect(key).toMatchObject({ user: { id: account.id, fullName: 'Importer' }, createdBy: { id: admin.userId } });
    expect((await acting(key.secret)).principal).toMatchObject({ userId: account.id, apiKeyId: key.id });
    expect(await permitted(key.secret)).toEqual(['task:read']);
  });

  it('go on when whoever made them leaves', async () => {
    const leaving = await organization.addMember('admin');
    const { id } = await make(leaving);
    const { secret } = await keyOf(id, ['task:read'], leaving);
    await removeMember(organization.owner.ctx(), { organizationId: organization.id, userId: leaving.userId });
    clock.advance(3001);
    expect(await permitted(secret)).toEqual(['task:read']);
  });

  it('are never given more than whoever gives it holds', async () => {
    expect(await codeOf(make(admin, 'owner'))).toBe('validation_failed');
    expect(await codeOf(make(await organization.addMember('manager')))).toBe('permission_denied');
    const { id } = await make(organization.owner, 'admin');
    expect(await codeOf(keyOf(id, ['organization:delete']))).toBe('scope_exceeds_own');
    const narrowed = platform.context({
      principal: {
        ...admin.principal,
        grants: admin.principal.grants.map((grant) => ({ ...grant, constraints: ['assignedOnly' as const] })),
      },
    });
    const input = { name: 'x', scopes: ['task:read' as const], expiresAt: null, serviceAccountId: id };
    expect(await codeOf(createApiKey(narrowed, input))).toBe('scope_exceeds_own');
    const made = createServiceAccount(narrowed, { name: 'x', roleIds: [organization.roleIds.member] });
    expect(await codeOf(made)).toBe('role_exceeds_own');
    expect(await codeOf(updateServiceAccount(narrowed, { id, isActive: false }))).toBe('role_exceeds_own');
    expect(await codeOf(deleteServiceAccount(narrowed, { id }))).toBe('role_exceeds_own');
  });

  it('show the roles that they hold everywhere, also those that are lent and have not ended', async () => {
    const { id } = await make(admin, 'viewer');
    const scope = { kind: 'organization' } as const;
    const validTo = new Date(clock.now().getTime() + 60_000).toISOString();
    await createRoleAssignment(admin.ctx(), { userId: id, roleId: organization.roleIds.manager, scope, validTo });
    const team = await createTeam(admin.ctx(), TeamCreate.parse({ name: 'Narrow' }));
    const narrow = { kind: 'team', id: team.id } as const;
    const { developer } = organization.roleIds;
    await createRoleAssignment(admin.ctx(), { userId: id, roleId: developer, scope: narrow, validTo: null });
    const keys = async () => (await getServiceAccount(admin.ctx(), { id })).roles.map(({ key }) => key);
    expect(await keys()).toEqual(['manager', 'viewer']);
    clock.advance(60_000);
    expect(await keys()).toEqual(['viewer']);
  });

  it('own nothing', async () => {
    const { id: userId } = await make();
    const { id: organizationId, roleIds, owner } = organization;
    const refused = [
      () => setMemberRoles(owner.ctx(), { organizationId, userId, roleIds: [roleIds.owner] }),
      () =>
        createRoleAssignment(owner.ctx(), {
          userId,
          roleId: roleIds.owner,
          scope: { kind: 'organization' },
          validTo: null,
        }),
      () => transferOwnership(owner.ctx(), { organizationId, userId }),
    ];
    for (const work of refused) expect(await codeOf(work())).toBe('validation_failed');
  });

  it('sign in nowhere, and are in no list of people', async () => {
    const { id } = await make(admin, 'member', 'Nobody');
    const [user] = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('users').selectAll().where('id', '=', id).execute(),
    );
    expect(user).toMatchObject({ kind: 'service', email_verified_at: null, username: null });
    expect(await codeOf(signIn(platform, { login: user?.email ?? '', password }))).not.toBe('passed');
    const people = await listMembers(
      admin.ctx(),
      MemberListInput.parse({ organizationId: organization.id, limit: 100 }),
    );
    expect(people.data.map(({ user: person }) => person.id)).not.toContain(id);
    expect(people.data.map(({ user: person }) => person.id)).toContain(admin.userId);
    const instance = platform.context({ principal: { ...admin.principal, instanceAdmin: true } });
    expect((await listUsers(instance, UserListInput.parse({ search: 'service.invalid' }))).data).toEqual([]);
    const { data } = await listServiceAccounts(admin.ctx(), { limit: 100, sort: '-createdAt', total: true });
    expect(data.map((account) => account.id)).toContain(id);
  });

  it('are renamed, stopped, started and ended', async () => {
    const { id } = await make();
    const { secret } = await keyOf(id);
    expect(await updateServiceAccount(admin.ctx(), { id, name: 'Exporter' })).toMatchObject({
      name: 'Exporter',
      version: 2,
    });
    await updateServiceAccount(admin.ctx(), { id, isActive: false });
    expect(await codeOf(acting(secret))).toBe('unauthenticated');
    await updateServiceAccount(admin.ctx(), { id, isActive: true });
    expect(await codeOf(acting(secret))).toBe('passed');
    await deleteServiceAccount(admin.ctx(), { id });
    expect(await codeOf(acting(secret))).toBe('unauthenticated');
    expect(await codeOf(getServiceAccount(admin.ctx(), { id }))).toBe('service_account_not_found');
    expect(await codeOf(keyOf(id))).toBe('service_account_not_found');
  });

  it('are those of the organization alone, and no persons', async () => {
    const other = await createOrganization(platform, 'Other');
    const theirs = await createServiceAccount(other.owner.ctx(), { name: 'x', roleIds: [other.roleIds.member] });
    for (const id of [theirs.id, admin.userId]) {
      for (const work of [
        () => getServiceAccount(admin.ctx(), { id }),
        () => updateServiceAccount(admin.ctx(), { id, name: 'y' }),
        () => deleteServiceAccount(admin.ctx(), { id }),
        () => keyOf(id),
      ])
        expect(await codeOf(work())).toBe('service_account_not_found');
    }
    expect(await codeOf(createServiceAccount(admin.ctx(), { name: 'x', roleIds: [other.roleIds.member] }))).toBe(
      'role_not_found',
    );
  });
});
