import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readThroughSystemDoor, writeThroughSystemDoor } from '../database/system-door.ts';
import { enqueue } from '../jobs/index.ts';
import { usualApiAudit } from '../kernel/api-audit.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Principal } from '../kernel/principal.ts';
import { secret } from '../kernel/redaction.ts';
import { createRole, createRoleAssignment, createTeam, RoleCreate, updateOrganization } from '../tenancy/index.ts';
import {
  acting,
  createOrganization,
  createTestPlatform,
  dialects,
  TestClock,
  type TestOrganization,
  type TestPlatform,
} from '../testing/index.ts';
import { listApiAudit } from './api-audit.queries.ts';
import { type ApiCall, ApiLog } from './api-log.ts';
import { ApiAuditListInput } from './api-log.schema.ts';
import { getUsage } from './usage.queries.ts';
import type { ApiRoute } from './usage-sums.ts';

const dayMs = 86_400_000;

describe.each(dialects)('the log of calls on %s', (dialect) => {
  const clock = new TestClock();
  let platform: TestPlatform;
  let acme: TestOrganization;
  let warnings: object[];
  let log: ApiLog;

  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { clock });
  });
  beforeEach(async () => {
    clock.set('2026-03-02T10:00:00Z');
    acme = await createOrganization(platform);
    warnings = [];
    const logger: Logger = { info: () => {}, error: () => {}, warn: (facts) => void warnings.push(facts) };
    log = new ApiLog({ clock, logger, context: () => platform.context({ principal: null }) });
  });
  afterAll(() => platform.dispose());

  const add = (
    { method = 'GET', endpoint = '/api/v1/tasks', ...call }: Partial<ApiCall & ApiRoute> = {},
    principal: Partial<Principal> = {},
  ) =>
    log.add({
      principal: { ...acme.owner.principal, ...principal },
      route: { method, endpoint },
      path: '/api/v1/tasks',
      writes: false,
      status: 200,
      durationMs: 1.234,
      address: '192.0.2.1',
      request: null,
      response: null,
      ...call,
    });
  type Filters = Partial<Record<keyof ApiAuditListInput, unknown>>;
  const list = async (filters: Filters = {}) => listApiAudit(acme.owner.ctx(), ApiAuditListInput.parse(filters));
  const endpoints = async (filters: Filters = {}) => (await list(filters)).data.map(({ endpoint }) => endpoint);

  it('keeps who called what, from where and how that went', async () => {
    add({ path: '/api/v1/tasks/7' }, { apiKeyId: acme.id });
    await log.write();
    expect((await list()).data).toEqual([
      {
        id: expect.any(String),
        user: { id: acme.owner.userId, username: expect.any(String), fullName: expect.any(String) },
        apiKeyId: acme.id,
        method: 'GET',
        endpoint: '/api/v1/tasks',
        path: '/api/v1/tasks/7',
        status: 200,
        request: null,
        response: null,
        durationMs: 1.23,
        address: '192.0.2.1',
        at: '2026-03-02T10:00:00.000Z',
      },
    ]);
  });

  it('keeps bodies without secrets, and cut after 4 kB between two characters', async () => {
    const schema = z.object({ password: secret(z.string()), text: z.string() });
    const value = { text: '€'.repeat(3000), password: 'hunter2' };
    const body = { value, schema };
    add({ writes: true, request: body, response: { value: { password: 'hunter2', text: '' }, schema } });
    await log.write();
    const [entry] = (await list()).data;
    expect(entry?.response).toBe('{"password":"[removed]","text":""}');
    expect(entry?.request?.startsWith('{"text":"€€')).toBe(true);
    expect(entry?.request).not.toContain('\ufffd');
    expect(Buffer.byteLength(entry?.request ?? '')).toBeGreaterThan(4090);
    expect(Buffer.byteLength(entry?.request ?? '')).toBeLessThanOrEqual(4096);
  });

  it('keeps what the settings of the organization say', async () => {
    const body = { value: { a: 1 }, schema: null };
    const full = { request: body, response: body };
    const kept = (audit: Partial<typeof usualApiAudit>) => ({ apiAudit: { ...usualApiAudit, ...audit } });
    add({ ...full, endpoint: 'read' });
    add({ ...full, endpoint: 'write', writes: true });
    add({ ...full, endpoint: 'full' }, kept({ reads: 'full' }));
    add({ ...full, endpoint: 'metadata', writes: true }, kept({ writes: 'metadata' }));
    add({ ...full, endpoint: 'off' }, kept({ reads: 'off' }));
    add({ ...full, endpoint: 'none' }, kept({ sample: 0 }));
    await log.write();
    const entries = (await list()).data.map(({ endpoint, request, response }) => [endpoint, request, response]);
    expect(entries.toReversed()).toEqual([
      ['read', null, null],
      ['write', '{"a":1}', '{"a":1}'],
      ['full', '{"a":1}', '{"a":1}'],
      ['metadata', null, null],
    ]);
    // The usage counts all calls.
    expect(await getUsage(acme.owner.ctx(), { days: 1 })).toMatchObject({ requests: 6 });
  });

  it('takes the settings from the organization', async () => {
    const settings = { apiAudit: { reads: 'off', sample: 0.5 } };
    await updateOrganization(acme.owner.ctx(), { organizationId: acme.id, settings } as never);
    clock.advance(3001);
    const { principal } = await acting(platform, acme.owner.userId, acme.id);
    expect(principal?.apiAudit).toEqual({ ...usualApiAudit, reads: 'off', sample: 0.5 });
  });

  it('keeps a share of the calls', async () => {
    for (let count = 0; count < 400; count++) add({}, { apiAudit: { ...usualApiAudit, sample: 0.5 } });
    await log.write();
    const kept = (await list({ limit: 100 })).data.length;
    expect(kept).toBe(100);
    const rows = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('api_requests').select('id').where('organization_id', '=', acme.id).execute(),
    );
    expect(rows.length).toBeGreaterThan(120);
    expect(rows.length).toBeLessThan(280);
  });

  it('logs nothing outside of organizations, and shows no other organization', async () => {
    add({}, { organizationId: null });
    const other = await createOrganization(platform, 'Other');
    add({}, { organizationId: other.id, userId: other.owner.userId });
    await log.write();
    expect(await list()).toEqual({ data: [], nextCursor: null });
    expect(await getUsage(acme.owner.ctx(), { days: 1 })).toMatchObject({ requests: 0 });
    expect(await getUsage(other.owner.ctx(), { days: 1 })).toMatchObject({ requests: 1 });
  });

  it.each<[string, () => Filters, string[]]>([
    ['nothing', () => ({}), ['/d', '/c', '/b', '/a']],
    ['users', () => ({ user: ['me', acme.owner.userId] }), ['/c', '/a']],
    ['another user', () => ({ user: [acme.id] }), ['/d', '/b']],
    ['a method', () => ({ method: ['POST'] }), ['/b']],
    ['endpoints', () => ({ endpoint: ['/c', '/a', '/a'] }), ['/c', '/a']],
    ['an endpoint and more', () => ({ endpoint: ['/a'], method: ['POST'] }), []],
    ['failures', () => ({ status: [404, 500] }), ['/d', '/c']],
    ['a failure of a user', () => ({ status: [404, 500], user: ['me'] }), ['/c']],
    ['a success', () => ({ status: [201] }), ['/b']],
    ['a success of a user', () => ({ status: [200], user: ['me'] }), ['/a']],
    ['times', () => ({ after: '2026-03-02T10:00:01Z', before: '2026-03-02T10:00:02Z' }), ['/c', '/b']],
    ['a time and an endpoint', () => ({ after: '2026-03-02T10:00:01Z', endpoint: ['/a', '/b'] }), ['/b']],
    ['a time and a failure', () => ({ before: '2026-03-02T10:00:02Z', status: [404, 500] }), ['/c']],
  ])('filters by %s', async (_name, filters, expected) => {
    const calls = [
      { endpoint: '/a' },
      { endpoint: '/b', method: 'POST', status: 201 },
      { endpoint: '/c', status: 404 },
      { endpoint: '/d', status: 500 },
    ];
    for (const [index, call] of calls.entries()) {
      add(call, index % 2 ? { userId: acme.id } : {});
      clock.advance(1000);
    }
    await log.write();
    expect(await endpoints(filters())).toEqual(expected);
    const pages: string[] = [];
    for (let cursor: string | undefined; ;) {
      const { data, nextCursor } = await list({ ...filters(), limit: 1, cursor });
      pages.push(...data.map(({ endpoint }) => endpoint));
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
    expect(pages).toEqual(expected);
  });

  it('adds up the usage of each endpoint and of each UTC day', async () => {
    clock.set('2026-03-01T23:59:59Z');
    for (let count = 0; count < 3; count++) add({ durationMs: 10 });
    await log.write();
    clock.set('2026-03-02T00:00:00Z');
    add({ durationMs: 30, status: 404 });
    add({ method: 'POST', durationMs: 100 });
    await log.write();
    add({ method: 'POST', durationMs: 100 });
    await log.write();
    const usage = await getUsage(acme.owner.ctx(), { days: 3 });
    expect(usage).toMatchObject({ requests: 6, meanMs: 43.33, errorRate: 0.1667 });
    expect(usage.byEndpoint).toEqual([
      { method: 'GET', endpoint: '/api/v1/tasks', requests: 4, meanMs: 15, p95Ms: expect.any(Number), errorRate: 0.25 },
      { method: 'POST', endpoint: '/api/v1/tasks', requests: 2, meanMs: 100, p95Ms: expect.any(Number), errorRate: 0 },
    ]);
    expect(usage.byEndpoint[1]?.p95Ms).toBeGreaterThan(90);
    expect(usage.byEndpoint[1]?.p95Ms).toBeLessThan(110);
    expect(usage.byDay.map(({ date, requests, meanMs }) => [date, requests, meanMs])).toEqual([
      ['2026-02-28', 0, 0],
      ['2026-03-01', 3, 10],
      ['2026-03-02', 3, 76.67],
    ]);
    expect(await getUsage(acme.owner.ctx(), { days: 1 })).toMatchObject({ requests: 3 });
  });

  it('drops calls when too many wait, and says how many', async () => {
    const other = await createOrganization(platform);
    for (let count = 0; count < 1007; count++) add();
    for (let count = 0; count < 10; count++) add({}, other.owner.principal);
    for (let count = 0; count < 3993; count++) add({ writes: true });
    await log.write();
    expect(warnings).toEqual([{ calls: 10 }]);
    const { count } = await readThroughSystemDoor(platform.database, (db) =>
      db
        .selectFrom('api_requests')
        .select((of) => of.fn.countAll<number>().as('count'))
        .where('organization_id', '=', acme.id)
        .executeTakeFirstOrThrow(),
    );
    expect(count).toBe(4990);
    expect(await getUsage(acme.owner.ctx(), { days: 1 })).toMatchObject({ requests: 5000 });
    expect(await getUsage(other.owner.ctx(), { days: 1 })).toMatchObject({ requests: 10 });
    for (let count = 0; count < 1000; count++) add();
    await log.write();
    expect(warnings).toHaveLength(1);
  });

  it('keeps what could not be written for the next time', async () => {
    let fails = true;
    const context = () => {
      if (fails) throw new Error('The database is away.');
      return platform.context({ principal: null });
    };
    const failing = new ApiLog({
      clock,
      context,
      logger: { info: () => {}, error: () => {}, warn: (facts) => void warnings.push(facts) },
    });
    log = failing;
    add();
    await expect(failing.write()).rejects.toThrow('away');
    add();
    fails = false;
    await failing.stop();
    expect(await endpoints()).toHaveLength(2);
    expect(await getUsage(acme.owner.ctx(), { days: 1 })).toMatchObject({ requests: 2 });
    expect(warnings).toEqual([]);
  });

  it('writes by itself within two seconds once it has started, and at once when many calls wait that write', async () => {
    log.start();
    for (let count = 0; count < 500; count++) add({ writes: true });
    await expect.poll(async () => (await endpoints({ limit: 1 })).length, { timeout: 1500 }).toBe(1);
    add({ endpoint: '/last' });
    await expect.poll(() => endpoints({ endpoint: ['/last'] }), { timeout: 4500 }).toEqual(['/last']);
    await log.stop();
  });

  it('deletes calls after the days that the organization keeps them, and usage after 400 days', async () => {
    const brief = await createOrganization(platform, 'Brief');
    await updateOrganization(brief.owner.ctx(), {
      organizationId: brief.id,
      settings: { apiAudit: { ...usualApiAudit, retentionDays: 1 } },
    });
    add();
    add({}, brief.owner.principal);
    await log.write();
    const left = async () => {
      await writeThroughSystemDoor(platform.context({ principal: null }), (unit) => enqueue(unit, 'api_log.purge', {}));
      await platform.runDueJobs();
      const rows = await readThroughSystemDoor(platform.database, (db) =>
        db
          .selectFrom('api_requests')
          .select('organization_id as id')
          .where('organization_id', 'in', [acme.id, brief.id])
          .execute(),
      );
      const { requests } = await getUsage(acme.owner.ctx(), { days: 90 });
      return [rows.map(({ id }) => id), requests];
    };
    clock.advance(2 * dayMs);
    expect(await left()).toEqual([[acme.id], 1]);
    clock.advance(30 * dayMs);
    expect(await left()).toEqual([[], 1]);
    clock.advance(370 * dayMs);
    await left();
    const sums = await readThroughSystemDoor(platform.database, (db) =>
      db.selectFrom('api_usage').select('day').where('organization_id', '=', acme.id).execute(),
    );
    expect(sums).toEqual([]);
  });

  it('is read only by those who may, in the whole organization', async () => {
    const { id } = await createTeam(acme.owner.ctx(), { name: 'Engines' });
    const permissions = ['usage:read', 'audit:read'];
    const role = await createRole(acme.owner.ctx(), RoleCreate.parse({ name: 'Watch', permissions }));
    const part = await acme.addMember();
    const scope = { kind: 'team', id } as const;
    await createRoleAssignment(acme.owner.ctx(), { userId: part.userId, roleId: role.id, scope, validTo: null });
    const ctx = await acting(platform, part.userId, acme.id);
    const refused = { code: 'permission_denied', details: { constraint: { kind: 'scope' } } };
    await expect(getUsage(ctx, { days: 1 })).rejects.toMatchObject(refused);
    await expect(listApiAudit(ctx, ApiAuditListInput.parse({}))).rejects.toMatchObject(refused);
    const whole = await acme.addMember();
    await createRoleAssignment(acme.owner.ctx(), {
      userId: whole.userId,
      roleId: role.id,
      scope: { kind: 'organization' },
      validTo: null,
    });
    const body = { value: { title: 'Private' }, schema: null };
    add({ writes: true, request: body, response: body });
    await log.write();
    // Without `project:read_private`, nothing is shown that may be of a private project.
    expect(
      (await listApiAudit(await acting(platform, whole.userId, acme.id), ApiAuditListInput.parse({}))).data,
    ).toEqual([expect.objectContaining({ endpoint: '/api/v1/tasks', path: null, request: null, response: null })]);
    const auditor = await acme.addMember('auditor');
    expect(await getUsage(auditor.ctx(), { days: 1 })).toMatchObject({ requests: 1 });
    expect(await listApiAudit(auditor.ctx(), ApiAuditListInput.parse({}))).toMatchObject({
      data: [{ path: '/api/v1/tasks', request: '{"title":"Private"}' }],
    });
    const manager = await acme.addMember('manager');
    await expect(getUsage(manager.ctx(), { days: 1 })).rejects.toMatchObject({ code: 'permission_denied' });
  });
});
