import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../../database/system-door.ts';
import type { Unit } from '../../database/unit-of-work.ts';
import { deactivateUser, updateCurrentUser } from '../../identity/index.ts';
import { createTestPlatform, dialects, makeInstanceAdmin, TestClock, type TestPlatform } from '../../testing/index.ts';
import { createApiKey } from '../api-keys/api-key.service.ts';
import { getCurrentAccess } from '../auth/auth.service.ts';
import { createDepartment } from '../departments/department.service.ts';
import { createOrganization } from '../ownership/organization.founding.ts';
import { createRoleAssignment } from '../role-assignments/role-assignment.service.ts';
import { listRoles } from '../roles/role.queries.ts';
import { createTeam, deleteTeam } from '../teams/team.service.ts';
import { anonymous, codeOf, contextOf, type SignedUpPerson, signIn, signUp } from '../../testing/people.ts';

describe.each(dialects)('the principal on %s', (dialect) => {
  const clock = new TestClock(new Date('2026-03-01T12:00:00.000Z'));
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  afterAll(() => platform.dispose());

  /** What another process does: nothing in this one is told. */
  const elsewhere = (work: (unit: Unit) => Promise<unknown>) => writeThroughSystemDoor(anonymous(platform), work);
  const create = async (person: SignedUpPerson, name: string) => createOrganization(await person.ctx('none'), { name });
  const organizationOf = async (work: ReturnType<SignedUpPerson['ctx']>) => (await work).principal?.organizationId;
  const setStatus = (person: SignedUpPerson, status: 'active' | 'suspended' | 'ended') =>
    elsewhere((unit) =>
      unit.db.updateTable('memberships').set({ status }).where('user_id', '=', person.user.id).execute(),
    );

  it('has no organization where none is needed', async () => {
    const person = await signUp(platform, { organizationName: 'None needed' });

    expect((await person.ctx('none')).principal).toEqual({
      userId: person.user.id,
      sessionId: expect.any(String),
      emailVerified: true,
      organizationId: null,
      grants: [],
    });
  });

  it('acts in the only organization, with its roles', async () => {
    const person = await signUp(platform, { organizationName: 'Only one' });

    expect((await person.ctx('required')).principal).toMatchObject({
      organizationId: person.organization?.id,
      grants: [{ roleKey: 'owner', constraints: [], scope: { kind: 'organization' } }],
    });
  });

  it('without any is refused, or does without', async () => {
    const person = await signUp(platform);

    expect(await codeOf(person.ctx('required'))).toBe('no_organization');
    expect(await organizationOf(person.ctx('optional'))).toBeNull();
  });

  it('with several must have chosen: path before header before the active one', async () => {
    const person = await signUp(platform);
    const [first, second] = [await create(person, 'First'), await create(person, 'Second')];
    // Creating made the second one the session's active one; a fresh login has several to choose from.
    const { accessToken } = await signIn(platform, { login: person.email });
    const fresh = (need: 'optional' | 'required', chosen = {}) => contextOf(platform, accessToken, need, chosen);

    expect(await organizationOf(person.ctx('required'))).toBe(second.id);
    expect(await organizationOf(person.ctx('required', { header: first.slug }))).toBe(first.id);
    expect(await organizationOf(person.ctx('optional', { path: first.id }))).toBe(first.id);
    expect(await codeOf(fresh('required'))).toBe('organization_required');
    expect(await organizationOf(fresh('optional'))).toBeNull();
    expect(await organizationOf(fresh('required', { header: second.id }))).toBe(second.id);
  });

  it('stays in the only organization that there was to sign in to', async () => {
    const person = await signUp(platform);
    const [only, left, gone] = [
      await create(person, 'Only'),
      await create(person, 'Left'),
      await create(person, 'Gone'),
    ];
    await elsewhere(async ({ db }) => {
      await db.updateTable('memberships').set({ status: 'ended' }).where('organization_id', '=', left.id).execute();
      const deletedAt = clock.now().toISOString();
      await db.updateTable('organizations').set({ deleted_at: deletedAt }).where('id', '=', gone.id).execute();
    });
    const { accessToken } = await signIn(platform, { login: person.email });
    await create(person, 'Later');
    clock.advance(3000);

    expect(await organizationOf(contextOf(platform, accessToken, 'required'))).toBe(only.id);
  });

  it('refuses a path and a header that differ, not two names of one', async () => {
    const person = await signUp(platform);
    const [first, second] = [await create(person, 'Path'), await create(person, 'Header')];
    const choose = (path: string, header: string) => person.ctx('required', { path, header });

    expect(await organizationOf(choose(first.id, first.slug))).toBe(first.id);
    expect(await organizationOf(choose(first.slug, first.id.toUpperCase()))).toBe(first.id);
    await expect(choose(first.id, second.slug)).rejects.toMatchObject({
      code: 'validation_failed',
      details: { errors: [{ path: '/header/X-Organization-Id' }] },
    });
    expect(await codeOf(choose('no-such', second.slug))).toBe('organization_not_found');
  });

  it.each(['suspended', 'ended'] as const)('of a membership that is %s is as good as none', async (status) => {
    const person = await signUp(platform, { organizationName: 'Gone soon' });
    const { id = '' } = person.organization ?? {};
    expect(await organizationOf(person.ctx('required'))).toBe(id);

    await setStatus(person, status);
    clock.advance(3000);

    expect(await codeOf(person.ctx('required'))).toBe('no_organization');
    expect(await codeOf(person.ctx('required', { path: id }))).toBe('organization_not_found');
    expect(await codeOf(person.ctx('optional', { header: id }))).toBe('organization_not_found');
  });

  it('of an organization that is not active is refused by name, and does without where it can', async () => {
    const person = await signUp(platform, { organizationName: 'Frozen' });
    const { id = '' } = person.organization ?? {};
    await elsewhere((unit) =>
      unit.db.updateTable('organizations').set({ is_active: false }).where('id', '=', id).execute(),
    );

    expect(await codeOf(person.ctx('required'))).toBe('organization_inactive');
    expect(await codeOf(person.ctx('optional', { path: id }))).toBe('organization_inactive');
    expect(await organizationOf(person.ctx('optional'))).toBeNull();
  });

  it('of an organization that is deleted is as good as none', async () => {
    const person = await signUp(platform, { organizationName: 'Deleted' });
    const { id = '' } = person.organization ?? {};
    await elsewhere((unit) =>
      unit.db
        .updateTable('organizations')
        .set({ deleted_at: sql<string>`${clock.now()}` })
        .where('id', '=', id)
        .execute(),
    );

    expect(await codeOf(person.ctx('required', { path: id }))).toBe('organization_not_found');
  });

  it('is believed for less than 3 seconds', async () => {
    const person = await signUp(platform, { organizationName: 'Cached' });
    await person.ctx('required');
    await setStatus(person, 'ended');

    clock.advance(2999);
    expect(await codeOf(person.ctx('required'))).toBe('passed');
    clock.advance(1);
    expect(await codeOf(person.ctx('required'))).toBe('no_organization');
  });

  describe('knows at once', () => {
    /** Where the roles of a person in a department reach. */
    const reached = async (person: SignedUpPerson) =>
      (await person.ctx('required')).principal?.grants.flatMap(({ scope }) =>
        scope.kind === 'department' ? [...scope.placeIds] : [],
      );

    it('the time zone that the user chooses', async () => {
      const person = await signUp(platform, { organizationName: 'Travelling' });
      await person.ctx('required');

      await updateCurrentUser(await person.ctx('none'), { timezone: 'Asia/Tokyo' });

      expect((await person.ctx('required')).principal).toMatchObject({ timezone: 'Asia/Tokyo' });
    });

    it('the teams that come to a department and leave it', async () => {
      const person = await signUp(platform, { organizationName: 'Growing' });
      const ctx = await person.ctx('required');
      const { id: departmentId } = await createDepartment(ctx, { name: 'Sales' });
      const { data } = await listRoles(ctx, { sort: 'createdAt', limit: 50, total: false });
      const roleId = data.find(({ key }) => key === 'viewer')?.id ?? '';
      const scope = { kind: 'department', id: departmentId } as const;
      await createRoleAssignment(ctx, { userId: person.user.id, roleId, scope, validTo: null });
      expect(await reached(person)).toEqual([]);

      const { id } = await createTeam(ctx, { name: 'East', departmentId });
      expect(await reached(person)).toEqual([id]);

      await deleteTeam(ctx, { id });
      expect(await reached(person)).toEqual([]);
    });

    it('that the user of an API key was deactivated', async () => {
      const [person, administrator] = [await signUp(platform, { organizationName: 'Keys' }), await signUp(platform)];
      await makeInstanceAdmin(platform, administrator.user.id);
      const scopes = ['task:read' as const];
      const { secret } = await createApiKey(await person.ctx('required'), { name: 'Import', scopes, expiresAt: null });
      await contextOf(platform, secret, 'required');
      clock.advance(3000);
      await contextOf(platform, secret, 'required');

      await deactivateUser(await administrator.ctx('none'), { userId: person.user.id });

      expect(await codeOf(contextOf(platform, secret, 'required'))).toBe('unauthenticated');
    });
  });

  it('is shared by the requests of a session until one of its grants ends', async () => {
    const person = await signUp(platform, { organizationName: 'Ending' });
    const ctx = await person.ctx('required');
    const { data } = await listRoles(ctx, { sort: 'createdAt', limit: 50, total: false });
    const roleId = data.find(({ key }) => key === 'viewer')?.id ?? '';
    const validTo = new Date(clock.now().getTime() + 1000).toISOString();
    const scope = { kind: 'organization' } as const;
    await createRoleAssignment(ctx, { userId: person.user.id, roleId, scope, validTo });
    const present = async () => (await person.ctx('required')).principal;
    const keys = async () => (await present())?.grants.map(({ roleKey }) => roleKey).toSorted();
    expect(await keys()).toEqual(['owner', 'viewer']);
    expect(await present()).toBe(await present());

    clock.advance(1000);
    expect(await keys()).toEqual(['owner']);
    clock.advance(-500);
    expect(await keys()).toEqual(['owner', 'viewer']);
  });

  it('is shown to itself, with and without an organization', async () => {
    const [owner, loner] = [await signUp(platform, { organizationName: 'Shown' }), await signUp(platform)];

    const access = await getCurrentAccess(await owner.ctx('optional'));
    expect(access).toMatchObject({
      user: { id: owner.user.id },
      organization: { id: owner.organization?.id },
      roles: [{ id: expect.any(String), key: 'owner', name: 'Owner' }],
    });
    expect(access.permissions).toContain('member:invite');
    expect(await getCurrentAccess(await loner.ctx('optional'))).toEqual({
      user: loner.user,
      organization: null,
      roles: [],
      permissions: [],
    });
    expect(await codeOf(getCurrentAccess(anonymous(platform)))).toBe('unauthenticated');
  });
});
