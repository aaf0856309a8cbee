import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Permission } from '../../access/index.ts';
import { readThroughIdentityDoor } from '../../database/identity-door.ts';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../../database/system-door.ts';
import { uuidv7 } from '../../kernel/ids.ts';
import {
  acting,
  createOrganization,
  createTestPlatform,
  dialects,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import {
  addMember,
  createRole,
  createRoleAssignment,
  createTeam,
  deleteRole,
  deleteRoleAssignment,
  explainAccess,
  getOwnAccess,
  getRole,
  InvitationListInput,
  listInvitations,
  listRoleAssignments,
  listRoles,
  removeMember,
  revokeInvitation,
  RoleAssignmentCreate,
  RoleAssignmentListInput,
  RoleCreate,
  RoleListInput,
  setMemberRoles,
  TeamCreate,
  updateRole,
} from '../index.ts';
import { assignRoles, rolesOfMembers } from '../role-assignments/held-roles.ts';
import { MembershipEntity } from '../memberships/membership.entity.ts';
import { RoleEntity } from './role.entity.ts';

const role = (fields: Partial<RoleCreate> & { name: string }) => RoleCreate.parse(fields);

describe.each(dialects)('roles on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let admin: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    admin = await acme.addMember('admin');
  });
  afterAll(() => platform.dispose());

  const as = (member: TestMember) => acting(platform, member.userId, acme.id);
  const assign = (userId: string, roleId: string, more: object = {}) =>
    createRoleAssignment(admin.ctx(), RoleAssignmentCreate.parse({ userId, roleId, ...more }));
  /** A member who holds one custom role with these permissions. */
  const holding = async (...permissions: Permission[]) => {
    const member = await acme.addMember();
    const { id } = await createRole(acme.owner.ctx(), role({ name: 'Particular', permissions }));
    await createRoleAssignment(acme.owner.ctx(), RoleAssignmentCreate.parse({ userId: member.userId, roleId: id }));
    return member;
  };

  it('inherit permissions and constraints, and are answered with both', async () => {
    const parent = await createRole(
      admin.ctx(),
      role({ name: 'Stock Keeper', permissions: ['task:read', 'tag:read'], constraints: ['assignedOnly'] }),
    );
    expect(parent).toMatchObject({ key: 'stock-keeper', builtIn: false, parentId: null, version: 1 });
    const child = await createRole(
      admin.ctx(),
      role({ name: 'Stock keeper', permissions: ['task:update'], parentId: parent.id }),
    );
    expect(child).toMatchObject({
      key: 'stock-keeper-2',
      permissions: ['task:update'],
      constraints: [],
      effectivePermissions: expect.arrayContaining(['task:read', 'tag:read', 'task:update']),
      effectiveConstraints: ['assignedOnly'],
    });
    expect(await getRole(admin.ctx(), { id: child.id })).toEqual(child);
    const { data } = await listRoles(admin.ctx(), RoleListInput.parse({ limit: 100 }));
    expect(data).toContainEqual(child);
  });

  it('change for who holds them and for who holds what inherits from them', async () => {
    const parent = await createRole(admin.ctx(), role({ name: 'Parent', permissions: ['task:read'] }));
    const child = await createRole(admin.ctx(), role({ name: 'Child', parentId: parent.id }));
    const member = await acme.addMember();
    await assign(member.userId, child.id);
    expect((await getOwnAccess(await as(member))).permissions).toEqual(['task:read']);
    const updated = await updateRole(admin.ctx(), { id: parent.id, permissions: ['task:read', 'tag:create'] });
    expect(updated).toMatchObject({ version: 2, permissions: ['task:read', 'tag:create'] });
    expect((await getOwnAccess(await as(member))).permissions).toEqual(['task:read', 'tag:create']);
    expect(await updateRole(admin.ctx(), { id: parent.id, name: 'Parent' })).toMatchObject({ version: 2 });
    await expect(updateRole(admin.ctx({ ifMatch: 1 }), { id: parent.id, name: 'Elder' })).rejects.toMatchObject({
      code: 'version_conflict',
    });
  });

  it('form no circle', async () => {
    const top = await createRole(admin.ctx(), role({ name: 'Top' }));
    const middle = await createRole(admin.ctx(), role({ name: 'Middle', parentId: top.id }));
    const bottom = await createRole(admin.ctx(), role({ name: 'Bottom', parentId: middle.id }));
    for (const parentId of [top.id, middle.id, bottom.id])
      await expect(updateRole(admin.ctx(), { id: top.id, parentId })).rejects.toMatchObject({ code: 'role_cycle' });
    const [one, other] = [
      await createRole(admin.ctx(), role({ name: 'One' })),
      await createRole(admin.ctx(), role({ name: 'Other' })),
    ];
    const outcomes = await Promise.allSettled([
      updateRole(admin.ctx(), { id: one.id, parentId: other.id }),
      updateRole(admin.ctx(), { id: other.id, parentId: one.id }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('that are built in stay as they are, and their keys are theirs', async () => {
    const builtIn = acme.roleIds.viewer;
    const refused = { code: 'role_built_in' };
    await expect(updateRole(acme.owner.ctx(), { id: builtIn, name: 'Looker' })).rejects.toMatchObject(refused);
    await expect(deleteRole(acme.owner.ctx(), { id: builtIn })).rejects.toMatchObject(refused);
    await expect(createRole(admin.ctx(), role({ name: 'Mine', key: 'owner' }))).rejects.toMatchObject({
      code: 'role_key_taken',
      details: { field: ['key'] },
    });
    expect(await createRole(admin.ctx(), role({ name: 'Owner' }))).toMatchObject({ key: 'owner-2' });
  });

  it('are deleted by nobody who holds less', async () => {
    const { id } = await createRole(admin.ctx(), role({ name: 'Wide', permissions: ['task:read'] }));
    const grants = admin.principal.grants.map((grant) => ({ ...grant, constraints: ['assignedOnly' as const] }));
    const narrowed = platform.context({ principal: { ...admin.principal, grants } });
    await expect(deleteRole(narrowed, { id })).rejects.toMatchObject({ code: 'role_exceeds_own' });
    await deleteRole(admin.ctx(), { id });
  });

  it('are deleted once nobody holds them, no open invitation offers them and none inherits', async () => {
    const { id } = await createRole(admin.ctx(), role({ name: 'Passing' }));
    const inUse = { code: 'role_in_use' };
    const child = await createRole(admin.ctx(), role({ name: 'Heir', parentId: id }));
    await expect(deleteRole(admin.ctx(), { id })).rejects.toMatchObject(inUse);
    await deleteRole(admin.ctx(), { id: child.id });
    const member = await acme.addMember();
    const assignment = await assign(member.userId, id);
    await expect(deleteRole(admin.ctx(), { id })).rejects.toMatchObject(inUse);
    await deleteRoleAssignment(admin.ctx(), { id: assignment.id });
    await addMember(admin.ctx(), { organizationId: acme.id, email: 'passing@example.com', roleIds: [id] });
    await expect(deleteRole(admin.ctx(), { id })).rejects.toMatchObject(inUse);
    const other = await createRole(admin.ctx(), role({ name: 'Unused' }));
    await deleteRole(admin.ctx(), { id: other.id });
    await expect(getRole(admin.ctx(), { id: other.id })).rejects.toMatchObject({ code: 'role_not_found' });
  });

  it('leave the invitations that are no longer open when they are deleted, and no other role does', async () => {
    const [kept, gone] = [
      await createRole(admin.ctx(), role({ name: 'Kept' })),
      await createRole(admin.ctx(), role({ name: 'Gone' })),
    ];
    const organizationId = acme.id;
    await addMember(admin.ctx(), { organizationId, email: 'revoked@example.com', roleIds: [kept.id, gone.id] });
    const find = async () => {
      const { data } = await listInvitations(admin.ctx(), { organizationId, ...InvitationListInput.parse({}) });
      return data.find(({ email }) => email === 'revoked@example.com');
    };
    await revokeInvitation(admin.ctx(), { organizationId, id: (await find())?.id ?? '' });
    await deleteRole(admin.ctx(), { id: gone.id });
    expect(await find()).toMatchObject({ status: 'revoked', roles: [{ id: kept.id }] });
  });

  describe('nobody makes, gives or changes more than they hold:', () => {
    const beyond = { code: 'role_exceeds_own' };

    it('an admin makes no role with an owner’s permissions, nor one that inherits them', async () => {
      await expect(
        createRole(admin.ctx(), role({ name: 'Ender', permissions: ['organization:delete'] })),
      ).rejects.toMatchObject(beyond);
      await expect(createRole(admin.ctx(), role({ name: 'Heir', parentId: acme.roleIds.owner }))).rejects.toMatchObject(
        beyond,
      );
      const { id } = await createRole(admin.ctx(), role({ name: 'Plain' }));
      await expect(updateRole(admin.ctx(), { id, permissions: ['organization:delete'] })).rejects.toMatchObject(beyond);
      await expect(updateRole(admin.ctx(), { id, parentId: acme.roleIds.owner })).rejects.toMatchObject(beyond);
    });

    it('who holds a role under constraints loosens none', async () => {
      const keeper = await holding('role:create', 'role:update', 'member:update');
      const narrow = await createRole(
        acme.owner.ctx(),
        role({ name: 'Narrow', permissions: ['task:read'], constraints: ['assignedOnly'] }),
      );
      await createRoleAssignment(
        acme.owner.ctx(),
        RoleAssignmentCreate.parse({ userId: keeper.userId, roleId: narrow.id }),
      );
      const ctx = await as(keeper);
      await expect(updateRole(ctx, { id: narrow.id, constraints: [] })).rejects.toMatchObject(beyond);
      await expect(createRole(ctx, role({ name: 'Wide', permissions: ['task:read'] }))).rejects.toMatchObject(beyond);
      await createRole(
        ctx,
        role({ name: 'As narrow', permissions: ['task:read'], constraints: ['assignedOnly', 'workingHours'] }),
      );
    });

    it('a parent that widens what others inherit is a gift as well', async () => {
      const keeper = await holding('role:update', 'tag:read');
      const parent = await createRole(acme.owner.ctx(), role({ name: 'Base', permissions: ['tag:read'] }));
      const narrow = await createRole(
        acme.owner.ctx(),
        role({
          name: 'Deleting',
          permissions: ['task:delete_any'],
          parentId: parent.id,
          constraints: ['workingHours'],
        }),
      );
      const ctx = await as(keeper);
      expect(await updateRole(ctx, { id: parent.id, name: 'Foundation' })).toMatchObject({ name: 'Foundation' });
      // Under a constraint that comes from the parent, the child's own permissions would become wider with it.
      const bound = await createRole(
        acme.owner.ctx(),
        role({ name: 'Bound', permissions: ['tag:read'], constraints: ['workingHours'] }),
      );
      await updateRole(acme.owner.ctx(), { id: narrow.id, parentId: bound.id, constraints: [] });
      await expect(updateRole(ctx, { id: bound.id, constraints: [] })).rejects.toMatchObject(beyond);
    });

    it('in a team, for a time, only what reaches and lasts as long', async () => {
      const keeper = await holding('member:update');
      const team = await createTeam(admin.ctx(), TeamCreate.parse({ name: `Crew ${dialect}` }));
      const [{ id: reading }, member] = [
        await createRole(admin.ctx(), role({ name: 'Reading', permissions: ['task:read'] })),
        await acme.addMember(),
      ];
      const scope = { kind: 'team', id: team.id };
      const validTo = new Date(platform.clock.now().getTime() + 3_600_000).toISOString();
      await assign(keeper.userId, reading, { scope, validTo });
      const ctx = await as(keeper);
      const give = (more: object) =>
        createRoleAssignment(ctx, RoleAssignmentCreate.parse({ userId: member.userId, roleId: reading, ...more }));
      await expect(give({})).rejects.toMatchObject(beyond);
      await expect(give({ scope })).rejects.toMatchObject(beyond);
      await expect(give({ validTo })).rejects.toMatchObject(beyond);
      expect(await give({ scope, validTo })).toMatchObject({ scope, validTo });
    });

    it('and nobody acts on somebody who holds more, wherever they hold it', async () => {
      const keeper = await holding('member:remove');
      const strong = await acme.addMember();
      const team = await createTeam(admin.ctx(), TeamCreate.parse({ name: `Deck ${dialect}` }));
      await assign(strong.userId, acme.roleIds.manager, { scope: { kind: 'team', id: team.id } });
      await expect(
        removeMember(await as(keeper), { organizationId: acme.id, userId: strong.userId }),
      ).rejects.toMatchObject(beyond);
    });
  });

  it('name parents of this organization only', async () => {
    const other = await createOrganization(platform);
    const { id } = await createRole(admin.ctx(), role({ name: 'Orphan' }));
    const refused = { code: 'role_not_found', details: { field: ['parentId'] } };
    for (const parentId of [uuidv7(), other.roleIds.viewer]) {
      await expect(createRole(admin.ctx(), role({ name: 'Child', parentId }))).rejects.toMatchObject(refused);
      await expect(updateRole(admin.ctx(), { id, parentId })).rejects.toMatchObject(refused);
    }
  });

  it('are a hundred at most', async () => {
    const { id: organizationId, owner } = await createOrganization(platform);
    const rows = Array.from({ length: 99 }, (_, index) => ({
      ...role({ name: `Role ${index}` }),
      key: `role-${index}`,
      id: uuidv7(),
      organizationId,
      builtIn: false,
      version: 1,
      createdAt: platform.clock.now(),
    }));
    await writeThroughSystemDoor(platform.context({ principal: null }), (unit) => unit.insert(RoleEntity, ...rows));
    await createRole(owner.ctx(), role({ name: 'The last' }));
    const more = createRole(owner.ctx(), role({ name: 'One more' }));
    await expect(more).rejects.toMatchObject({ code: 'too_many_roles' });
  });

  describe('assignments', () => {
    it('are for departments and teams that there are, and for others besides', async () => {
      const [member, other] = [await acme.addMember(), await acme.addMember()];
      const elsewhere = await createOrganization(platform);
      const theirs = await createTeam(elsewhere.owner.ctx(), TeamCreate.parse({ name: 'Theirs' }));
      for (const [kind, id] of [
        ['department', uuidv7()],
        ['team', uuidv7()],
        ['team', theirs.id],
      ])
        await expect(assign(member.userId, acme.roleIds.viewer, { scope: { kind, id } })).rejects.toMatchObject({
          code: `${kind}_not_found`,
          details: { field: ['scope', 'id'] },
        });
      const team = await createTeam(admin.ctx(), TeamCreate.parse({ name: `Place ${dialect}` }));
      const more = {
        scope: { kind: 'team', id: team.id },
        validTo: new Date(platform.clock.now().getTime() + 3_600_000).toISOString(),
      };
      await assign(member.userId, acme.roleIds.viewer, more);
      const again = assign(member.userId, acme.roleIds.viewer, more);
      await expect(again).rejects.toMatchObject({ code: 'role_assigned_already' });
      expect(await assign(other.userId, acme.roleIds.viewer, more)).toMatchObject({ user: { id: other.userId } });
    });

    it('are listed by person, role and place, once in each place', async () => {
      const member = await acme.addMember('viewer');
      const team = await createTeam(admin.ctx(), TeamCreate.parse({ name: `Watch ${dialect}` }));
      const scope = { kind: 'team', id: team.id };
      const given = await assign(member.userId, acme.roleIds.manager, { scope });
      expect(given).toMatchObject({ user: { id: member.userId }, role: { key: 'manager' }, scope, validTo: null });
      await expect(assign(member.userId, acme.roleIds.manager, { scope })).rejects.toMatchObject({
        code: 'role_assigned_already',
      });
      const list = (filters: object) => listRoleAssignments(admin.ctx(), RoleAssignmentListInput.parse(filters));
      expect((await list({ user: [member.userId] })).data.map((one) => one.role.key).sort()).toEqual([
        'manager',
        'viewer',
      ]);
      expect((await list({ team: [team.id], total: true })).total).toBe(1);
      // What is held everywhere is set as a whole, and the rest stays.
      await setMemberRoles(admin.ctx(), {
        organizationId: acme.id,
        userId: member.userId,
        roleIds: [acme.roleIds.auditor],
      });
      expect((await list({ user: [member.userId] })).data.map((one) => one.role.key).sort()).toEqual([
        'auditor',
        'manager',
      ]);
      await deleteRoleAssignment(admin.ctx(), { id: given.id });
      expect((await list({ team: [team.id] })).data).toEqual([]);
    });

    it('end with the membership', async () => {
      const member = await acme.addMember('viewer');
      const team = await createTeam(admin.ctx(), TeamCreate.parse({ name: `Gone ${dialect}` }));
      await assign(member.userId, acme.roleIds.manager, { scope: { kind: 'team', id: team.id } });
      await removeMember(admin.ctx(), { organizationId: acme.id, userId: member.userId });
      const left = await readThroughSystemDoor(platform.database, (db) =>
        db.selectFrom('role_assignments').selectAll().where('user_id', '=', member.userId).execute(),
      );
      expect(left).toEqual([]);
    });

    it('of an owner have no place and no end, and the last one stays', async () => {
      const member = await acme.addMember();
      const give = (more: object) =>
        createRoleAssignment(
          acme.owner.ctx(),
          RoleAssignmentCreate.parse({ userId: member.userId, roleId: acme.roleIds.owner, ...more }),
        );
      const team = await createTeam(admin.ctx(), TeamCreate.parse({ name: `Own ${dialect}` }));
      const invalid = { code: 'validation_failed' };
      await expect(give({ scope: { kind: 'team', id: team.id } })).rejects.toMatchObject(invalid);
      await expect(give({ validTo: '2199-01-01T00:00:00Z' })).rejects.toMatchObject(invalid);
      const { data } = await listRoleAssignments(
        acme.owner.ctx(),
        RoleAssignmentListInput.parse({ role: [acme.roleIds.owner] }),
      );
      await expect(deleteRoleAssignment(acme.owner.ctx(), { id: data[0]?.id ?? '' })).rejects.toMatchObject({
        code: 'last_owner',
      });
      const given = await give({});
      await expect(deleteRoleAssignment(admin.ctx(), { id: given.id })).rejects.toMatchObject({
        code: 'role_exceeds_own',
      });
      await deleteRoleAssignment(acme.owner.ctx(), { id: given.id });
    });

    it('do not begin in the past', async () => {
      const member = await acme.addMember();
      await expect(
        assign(member.userId, acme.roleIds.viewer, { validTo: '2020-01-01T00:00:00Z' }),
      ).rejects.toMatchObject({ code: 'validation_failed', details: { field: ['validTo'] } });
    });
  });

  it('of somebody in several organizations are told of one, also where no wall keeps them apart', async () => {
    const other = await createOrganization(platform, 'Other');
    const { userId } = await acme.addMember('viewer');
    const now = platform.clock.now();
    await writeThroughSystemDoor(platform.context({ principal: null }), async (unit) => {
      const there = { organizationId: other.id, userId };
      const joined = { status: 'active' as const, version: 1, joinedAt: now, createdAt: now, updatedAt: now };
      await unit.insert(MembershipEntity, { ...there, ...joined });
      await assignRoles(unit, there, [other.roleIds.manager], other.owner.userId);
    });
    const keysIn = (organizationId: string) =>
      readThroughIdentityDoor(platform.database, async (db) => {
        const roles = await rolesOfMembers(admin.ctx(), db, [userId], organizationId);
        return roles.get(userId)?.map(({ key }) => key);
      });
    expect([await keysIn(acme.id), await keysIn(other.id)]).toEqual([['viewer'], ['manager']]);
  });

  describe('an explanation', () => {
    it('says who grants what is missing, custom roles included', async () => {
      const viewer = await acme.addMember('viewer');
      await createRole(admin.ctx(), role({ name: 'Clearer', key: 'clearer', permissions: ['task:delete_any'] }));
      const explained = await explainAccess(await as(viewer), { permission: 'task:delete_any', subject: {} });
      expect(explained).toMatchObject({ allowed: false, permission: 'task:delete_any', constraint: null });
      expect(explained.grantedBy).toEqual(expect.arrayContaining(['owner', 'admin', 'manager', 'clearer']));
      const nobody = explainAccess(platform.context({ principal: null }), { permission: 'task:read', subject: {} });
      await expect(nobody).rejects.toMatchObject({ code: 'unauthenticated' });
    });

    it('says which constraint stands against it, for an hour that is asked about', async () => {
      const developer = await acme.addMember('developer');
      const own = { permission: 'task:update' as const, subject: { assigneeIds: [developer.userId], teamId: null } };
      expect(await explainAccess(developer.ctx(), own)).toMatchObject({ allowed: true, constraint: null });
      expect(
        await explainAccess(developer.ctx(), { ...own, subject: { assigneeIds: [], teamId: null } }),
      ).toMatchObject({ allowed: false, constraint: { kind: 'assignedOnly', allowedAgainAt: null } });
    });

    it('of another member is for who may change their roles', async () => {
      const [viewer, member] = [await acme.addMember('viewer'), await acme.addMember('member')];
      const question = { permission: 'task:create' as const, subject: {}, userId: viewer.userId };
      expect(await explainAccess(admin.ctx(), question)).toMatchObject({ allowed: false });
      await expect(explainAccess(member.ctx(), question)).rejects.toMatchObject({ code: 'permission_denied' });
    });
  });
});
