import {
  accessTokenOf,
  createOrganization,
  createTestPlatform,
  TestClock,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '@tenon/core/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverOptions, tenonApi } from '../plugin.ts';

/*
 * Tests how access and refusals look over HTTP. The tests in core cover the decisions.
 */
describe('access over REST', () => {
  const clock = new TestClock(new Date('2026-01-12T20:00:00Z'));
  let platform: TestPlatform;
  let app: FastifyInstance;
  let acme: TestOrganization;
  let developer: TestMember;

  beforeAll(async () => {
    platform = await createTestPlatform('sqlite', { clock });
    app = Fastify(serverOptions);
    await app.register(tenonApi, { platform, checkOutputs: true });
    acme = await createOrganization(platform);
    developer = await acme.addMember('developer');
  });
  afterAll(async () => {
    await app.close();
    await platform.dispose();
  });

  async function send(member: TestMember, method: 'GET' | 'PATCH' | 'POST', path: string, payload?: object) {
    const authorization = `Bearer ${await accessTokenOf(platform, member)}`;
    const url = `/api/v1${path}`;
    const response = await app.inject({ method, url, headers: { authorization }, ...(payload && { payload }) });
    return { status: response.statusCode, body: response.json() };
  }
  const settle = (workingHours: object) =>
    send(acme.owner, 'PATCH', `/organizations/${acme.id}`, { settings: { workingHours } });

  const usual = { start: '09:00', end: '18:00', days: [1, 2, 3, 4, 5] };

  it.each([
    ['start', { start: '9:00' }],
    ['start', { start: '24:00' }],
    ['start', { start: '09:60' }],
    ['end', { end: '24:01' }],
    ['end', { end: 'evening' }],
    ['end', { end: '09:00' }],
    ['end', { end: '08:00' }],
    ['days/0', { days: [0] }],
    ['days/1', { days: [1, 8] }],
    ['exemptPriorities/0', { exemptPriorities: ['whenever'] }],
  ])('working hours with a wrong %s are refused there: %j', async (field, wrong) => {
    const { status, body } = await settle({ ...usual, ...wrong });
    expect([status, body.code]).toEqual([400, 'validation_failed']);
    expect(body.errors[0].path).toBe(`/body/settings/workingHours/${field}`);
  });

  it('working hours are enforced, and a refusal and an explanation say the same', async () => {
    expect(await settle(usual)).toMatchObject({
      status: 200,
      body: { settings: { workingHours: { ...usual, exemptPriorities: ['critical'] } } },
    });
    const constraint = { kind: 'workingHours', allowedAgainAt: '2026-01-13T09:00:00.000Z', timezone: 'UTC' };
    expect(await send(developer, 'POST', '/tasks', { title: 'At night' })).toMatchObject({
      status: 403,
      body: { code: 'permission_denied', permission: 'task:create', constraint },
    });
    const assigneeIds = [developer.userId];
    const question = { permission: 'task:create', subject: { assigneeIds, teamId: null, priority: 'medium' } };
    expect((await send(developer, 'POST', '/access/explain', question)).body).toMatchObject({
      allowed: false,
      grantedBy: ['owner', 'admin', 'manager', 'member', 'developer'],
      constraint,
    });
    const asked = { ...question, at: constraint.allowedAgainAt };
    expect((await send(developer, 'POST', '/access/explain', asked)).body).toMatchObject({ allowed: true });
    expect((await send(developer, 'GET', '/access/me')).body).toMatchObject({
      timezone: 'UTC',
      workingHours: usual,
      grants: [{ role: { key: 'developer' }, scope: { kind: 'organization', id: null } }],
    });
    expect((await send(developer, 'POST', '/tasks', { title: 'Leak', priority: 'critical' })).status).toBe(201);
  });

  it('a refusal says that a role in a team does not reach the whole organization', async () => {
    const team = await send(acme.owner, 'POST', '/teams', { name: 'Deck' });
    const mate = await acme.addMember();
    const assignment = {
      userId: mate.userId,
      roleId: acme.roleIds.admin,
      scope: { kind: 'team', id: team.body.id },
    };
    expect((await send(acme.owner, 'POST', '/role-assignments', assignment)).status).toBe(201);
    expect(await send(mate, 'POST', '/tags', { name: 'mine', color: '#112233' })).toMatchObject({
      status: 403,
      body: { permission: 'tag:create', constraint: { kind: 'scope' } },
    });
    expect((await send(mate, 'GET', '/tags')).status).toBe(200);
    expect((await send(mate, 'POST', '/tasks', { title: 'Swab', teamId: team.body.id })).status).toBe(201);
  });
});
