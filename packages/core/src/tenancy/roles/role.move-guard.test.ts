import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Permission } from '../../access/index.ts';
import {
  acting,
  createOrganization,
  createTestPlatform,
  dialects,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '../../testing/index.ts';
import { codeOf } from '../../testing/people.ts';
import {
  addMember,
  createDepartment,
  createRole,
  createRoleAssignment,
  createTeam,
  getDepartment,
  getTeam,
  listInvitations,
  moveDepartment,
  OrganizationInvitationListInput,
  RoleAssignmentCreate,
  RoleCreate,
  updateTeam,
} from '../index.ts';

describe.each(dialects)('who changes what roles reach on %s', (dialect) => {
  let platform: TestPlatform;
  let acme: TestOrganization;
  let organizer: TestMember;
  let count = 0;

  const owner = () => acme.owner.ctx();
  const as = (member: TestMember) => acting(platform, member.userId, acme.id);
  const team = async (departmentId: string | null = null) =>
    (await createTeam(owner(), { name: `Team ${++count}`, departmentId })).id;
  const department = async (parentId: string | null = null) =>
    (await createDepartment(owner(), { name: `Department ${++count}`, parentId })).id;
  const give = (member: TestMember, roleId: string, more: object = {}) =>
    createRoleAssignment(owner(), RoleAssignmentCreate.parse({ userId: member.userId, roleId, ...more }));
  const holding = async (...permissions: Permission[]) => {
    const member = await acme.addMember();
    await give(member, (await createRole(owner(), RoleCreate.parse({ name: `Role ${++count}`, permissions }))).id);
    return member;
  };

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    acme = await createOrganization(platform);
    organizer = await holding('team:update', 'department:update', 'member:invite', 'task:read');
  });
  afterAll(() => platform.dispose());

  it('puts nothing where they or others hold more than they do in it', async () => {
    const [mine, theirs] = [await department(), await department()];
    const [below, free] = [await department(theirs), await team()];
    await give(organizer, acme.roleIds.manager, { scope: { kind: 'department', id: mine } });
    await give(await acme.addMember(), acme.roleIds.manager, { scope: { kind: 'department', id: theirs } });
    const moved = await department();
    for (const id of [mine, theirs, below]) {
      expect(await codeOf(updateTeam(await as(organizer), { id: free, departmentId: id }))).toBe('role_exceeds_own');
      expect(await codeOf(moveDepartment(await as(organizer), { id: moved, parentId: id }))).toBe('role_exceeds_own');
    }
    expect(await getTeam(owner(), { id: free })).toMatchObject({ departmentId: null, version: 1 });
    expect(await getDepartment(owner(), { id: moved })).toMatchObject({ parentId: null, version: 1 });
    expect(await codeOf(moveDepartment(owner(), { id: moved, parentId: theirs }))).toBe('passed');
    expect(await codeOf(updateTeam(owner(), { id: free, departmentId: below }))).toBe('passed');
  });

  it('puts it where nobody does, where they hold as much, and below where it is already', async () => {
    const [empty, readers, top] = [await department(), await department(), await department()];
    const below = await department(top);
    const reader = (await createRole(owner(), RoleCreate.parse({ name: 'Reader', permissions: ['task:read'] }))).id;
    await give(await acme.addMember(), reader, { scope: { kind: 'department', id: readers } });
    await give(await acme.addMember(), acme.roleIds.manager, { scope: { kind: 'department', id: top } });
    const [id, inside] = [await team(), await team(top)];
    const ctx = await as(organizer);
    expect(await updateTeam(ctx, { id, departmentId: empty })).toMatchObject({ departmentId: empty });
    expect(await updateTeam(ctx, { id, departmentId: readers })).toMatchObject({ departmentId: readers });
    expect(await updateTeam(ctx, { id, departmentId: null })).toMatchObject({ departmentId: null });
    expect(await updateTeam(ctx, { id: inside, departmentId: below })).toMatchObject({ departmentId: below });
    expect(await moveDepartment(ctx, { id: empty, parentId: readers })).toMatchObject({ parentId: readers });
  });

  it('takes back no offer that is more than they hold', async () => {
    const email = `offered-${dialect}@example.com`;
    await addMember(owner(), { organizationId: acme.id, email, roleIds: [acme.roleIds.manager] });
    const reader = (await createRole(owner(), RoleCreate.parse({ name: 'Guest', permissions: ['task:read'] }))).id;
    const again = { organizationId: acme.id, email, roleIds: [reader] };
    expect(await codeOf(addMember(await as(organizer), again))).toBe('role_exceeds_own');
    const { data } = await listInvitations(
      owner(),
      OrganizationInvitationListInput.parse({ organizationId: acme.id, limit: 10 }),
    );
    expect(data.find((one) => one.email === email)?.roles.map(({ key }) => key)).toEqual(['manager']);
    expect(await codeOf(addMember(owner(), again))).toBe('passed');
  });
});
