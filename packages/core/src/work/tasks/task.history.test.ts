import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeThroughSystemDoor } from '../../database/system-door.ts';
import { createRole, createRoleAssignment } from '../../tenancy/index.ts';
import { createOrganization, createTestPlatform, dialects, type TestPlatform } from '../../testing/index.ts';
import { acting } from '../../testing/acting.ts';
import { createComment, createTask, getTask, listTaskHistory, updateTask } from '../index.ts';

describe.each(dialects)('the history of a task on %s', (dialect) => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
  });
  afterAll(() => platform.dispose());

  it('names each action with its actor, and how the status changed, in pages', async () => {
    const acme = await createOrganization(platform);
    const member = await acme.addMember('member');
    const { id } = await createTask(acme.owner.ctx(), { title: 'Told' });
    await updateTask(member.ctx(), { id, status: 'in_progress', title: 'Told again' });
    await createComment(member.ctx(), { taskId: id, body: 'Not an action on the task itself.' });
    await updateTask(member.ctx(), { id, priority: 'high' });
    await updateTask(acme.owner.ctx(), { id, status: 'done' });
    await createTask(acme.owner.ctx(), { title: 'Another', parentId: id });
    const first = await listTaskHistory(acme.owner.ctx(), { id, limit: 3, total: true });
    const rest = await listTaskHistory(acme.owner.ctx(), {
      id,
      limit: 3,
      total: false,
      cursor: first.nextCursor ?? undefined,
    });
    expect([first.total, first.data.length, rest.nextCursor]).toEqual([4, 3, null]);
    const told = [...first.data, ...rest.data];
    const by = (userId: string) => expect.objectContaining({ id: userId, fullName: expect.any(String) });
    expect(told).toEqual(
      [
        { action: 'updated', fromStatus: 'in_progress', toStatus: 'done', actor: by(acme.owner.userId) },
        { action: 'updated', fromStatus: null, toStatus: null, actor: by(member.userId) },
        { action: 'updated', fromStatus: 'todo', toStatus: 'in_progress', actor: by(member.userId) },
        { action: 'created', fromStatus: null, toStatus: 'todo', actor: by(acme.owner.userId) },
      ].map((entry) => ({ ...entry, id: expect.any(String), at: expect.any(String) })),
    );
  });

  it('keeps an action whose content was erased', async () => {
    const acme = await createOrganization(platform);
    const { id } = await createTask(acme.owner.ctx(), { title: 'Erased' });
    await writeThroughSystemDoor(platform.context({ principal: null }), (unit) =>
      unit.db.deleteFrom('event_payloads').where('organization_id', '=', acme.id).execute(),
    );
    const { data } = await listTaskHistory(acme.owner.ctx(), { id, limit: 10, total: false });
    expect(data).toMatchObject([{ action: 'created', fromStatus: null, toStatus: null }]);
  });

  it('is for those who see the task and may read activity', async () => {
    const acme = await createOrganization(platform);
    const developer = await acme.addMember('developer');
    const { id } = await createTask(acme.owner.ctx(), { title: 'Hidden' });
    const request = { id, limit: 10, total: false };
    await expect(listTaskHistory(developer.ctx(), request)).rejects.toMatchObject({ code: 'task_not_found' });
    const reader = await acme.addMember();
    const role = await createRole(acme.owner.ctx(), {
      name: 'Reads tasks',
      permissions: ['task:read'],
      constraints: [],
      parentId: null,
    });
    await createRoleAssignment(acme.owner.ctx(), {
      userId: reader.userId,
      roleId: role.id,
      scope: { kind: 'organization' },
      validTo: null,
    });
    const ctx = await acting(platform, reader.userId, acme.id);
    expect(await getTask(ctx, { id })).toMatchObject({ id });
    await expect(listTaskHistory(ctx, request)).rejects.toMatchObject({
      code: 'permission_denied',
      details: { permission: 'activity:read' },
    });
  });
});
