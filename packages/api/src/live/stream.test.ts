import { createPlatform, type Platform } from '@tenon/core';
import {
  accessTokenOf,
  createOrganization,
  createTestPlatform,
  dialects,
  type TestMember,
  type TestOrganization,
  type TestPlatform,
} from '@tenon/core/testing';
import Fastify from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { serverOptions, tenonApi } from '../plugin.ts';
import { type Received, TestEventSource } from '../testing/event-source.ts';

interface Server {
  readonly url: string;
  close(): Promise<void>;
}

async function serve(platform: Platform): Promise<Server> {
  const app = Fastify(serverOptions);
  await app.register(tenonApi, { platform, checkOutputs: true });
  platform.sealer.start();
  const close = (): Promise<void> => {
    // The connections that clients keep for later requests.
    app.server.closeAllConnections();
    return app.close();
  };
  return { close, url: await app.listen({ port: 0, host: '127.0.0.1' }) };
}

interface Task {
  id: string;
  version: number;
}

const titleOf = ({ data }: Received): unknown => (data as { data?: { title?: string } }).data?.title;
const sequenceOf = ({ data }: Received): number => (data as { sequence: number }).sequence;
const typesOf = (source: TestEventSource): string[] => source.events.map(({ event }) => event);
/** The ids of what was hidden. */
const hiddenBy = ({ received }: TestEventSource): string[] =>
  received.flatMap(({ event, data }) =>
    event === 'entity.hidden' ? [(data as { entity: { id: string } }).entity.id] : [],
  );

describe.each(dialects)('streams on %s', (dialect) => {
  let platform: TestPlatform;
  let server: Server;
  let acme: TestOrganization;
  let owner: string;
  const opened: TestEventSource[] = [];

  beforeAll(async () => {
    platform = await createTestPlatform(dialect);
    server = await serve(platform);
    acme = await createOrganization(platform);
    owner = await accessTokenOf(platform, acme.owner);
  });
  afterEach(() => {
    for (const source of opened.splice(0)) source.close();
  });
  afterAll(async () => {
    await server.close();
    await platform.dispose();
  });

  const stream = async (
    token: string,
    query: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
    url = server.url,
  ): Promise<TestEventSource> => {
    const source = await TestEventSource.open(`${url}/api/v1/events/stream?${new URLSearchParams(query).toString()}`, {
      authorization: `Bearer ${token}`,
      ...headers,
    });
    opened.push(source);
    return source;
  };

  /** Opens a stream after what has happened by now, and waits until it has begun. */
  const ready = async (...args: Parameters<typeof stream>): Promise<TestEventSource> => {
    await platform.sealer.sealAll();
    const source = await stream(...args);
    await source.first('ready');
    return source;
  };

  async function call<Answer>(token: string, method: string, path: string, body?: object, url = server.url) {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
    return (text === '' ? null : JSON.parse(text)) as Answer;
  }

  const createTask = (title: string, more: object = {}, token = owner) =>
    call<Task>(token, 'POST', '/tasks', { title, ...more });

  /** Waits until an event is sealed, by the stream of somebody who sees everything. */
  const sealed = async (work: () => Promise<unknown>, type: string): Promise<void> => {
    const source = await ready(owner);
    await work();
    await source.first(type);
    source.close();
  };

  it('begin now, and say so first', async () => {
    await sealed(() => createTask('Before'), 'task.created');
    const source = await ready(owner);
    const task = await createTask('After');
    await source.first('task.created');
    expect(source.headers.get('content-type')).toBe('text/event-stream');
    expect(source.received.map(({ event }) => event)).toEqual(['ready', 'task.created']);
    const [begin, created] = source.received;
    expect(begin?.data).toEqual({ sequence: Number(begin?.id) });
    expect(created).toMatchObject({
      id: String(sequenceOf(created as Received)),
      data: {
        type: 'task.created',
        organizationId: acme.id,
        actor: { id: acme.owner.userId },
        apiKeyId: null,
        entity: { type: 'task', id: task.id },
        parent: null,
        data: { title: 'After' },
        summary: expect.stringContaining('created the task After'),
        schemaVersion: 1,
      },
    });
    expect(sequenceOf(created as Received)).toBeGreaterThan(Number(begin?.id));
  });

  it('send a change within a moment', async () => {
    const source = await ready(owner);
    await createTask('Warm');
    await source.first('task.created');
    const began = performance.now();
    await createTask('Quick');
    await source.until(({ events }) => events.length === 2);
    expect((source.events[1]?.at ?? 0) - began).toBeLessThan(500);
  });

  it('begin after a sequence, and end nowhere: everything comes once and in order', async () => {
    const first = await ready(owner);
    const { id: from } = await first.first('ready');
    const titles = Array.from({ length: 40 }, (_, index) => `Many ${index}`);
    const late: TestEventSource[] = [];
    await Promise.all(
      titles.map(async (title, index) => {
        await createTask(title);
        // Some begin in the middle of it, from the same place.
        if (index % 8 === 0) late.push(await stream(owner, { after: from ?? '' }));
      }),
    );
    for (const source of [first, ...late]) {
      await source.until(({ events }) => events.length >= titles.length);
      const sequences = source.events.map(sequenceOf);
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
      expect(new Set(sequences).size).toBe(titles.length);
      expect(new Set(source.events.map(titleOf))).toEqual(new Set(titles));
    }
  });

  it('go on after the last id, which wins over `after`', async () => {
    const first = await ready(owner);
    for (const title of ['One', 'Two', 'Three']) await createTask(title);
    await first.until(({ events }) => events.length === 3);
    const second = String(sequenceOf(first.events[1] as Received));
    for (const source of [
      await ready(owner, { after: '0' }, { 'last-event-id': second }),
      await ready(owner, { after: '0', lastEventId: second }),
    ]) {
      await source.first('task.created');
      expect(source.received[0]).toMatchObject({ event: 'ready', id: second });
      expect(source.events.map(titleOf)).toEqual(['Three']);
    }
  });

  it('refuse to begin beyond the newest event', async () => {
    const beyond = { status: 400, problem: { code: 'validation_failed', errors: [{ path: '/query/after' }] } };
    expect(await stream(owner, { after: '99999999' })).toMatchObject(beyond);
    expect(await stream(owner, {}, { 'last-event-id': '99999999' })).toMatchObject({ status: 400 });
    expect(await stream(owner, {}, { 'last-event-id': 'yesterday' })).toMatchObject({ status: 400 });
  });

  it('send what passes the filters', async () => {
    const project = await call<Task>(owner, 'POST', '/projects', { key: 'PORT', name: 'Port' });
    const inside = await createTask('Inside', { projectId: project.id });
    const byType = await ready(owner, { types: 'comment.*' });
    const byEntity = await ready(owner, { entityId: inside.id });
    const byProject = await ready(owner, { projectId: project.id });
    const outside = await createTask('Outside');
    await call(owner, 'POST', `/tasks/${inside.id}/comments`, { body: 'Inside' });
    await call(owner, 'POST', `/tasks/${outside.id}/comments`, { body: 'Outside' });
    // The task leaves the project only then.
    await byProject.first('comment.created');
    await call(owner, 'POST', `/tasks/${inside.id}/move`, { projectId: null });
    await call(owner, 'PATCH', `/tasks/${inside.id}`, { title: 'Gone' });
    await call(owner, 'PATCH', `/projects/${project.id}`, { name: 'Harbour' });
    await byProject.first('project.updated');
    await byEntity.until(({ events }) => events.length === 3);
    expect(typesOf(byType)).toEqual(['comment.created', 'comment.created']);
    expect(typesOf(byEntity)).toEqual(['comment.created', 'task.updated', 'task.updated']);
    expect(typesOf(byProject)).toEqual(['comment.created', 'task.updated', 'project.updated']);
  });

  describe('show what their reader sees at the time', () => {
    it('to somebody who sees only what is assigned to them', async () => {
      const developer = await acme.addMember('developer');
      const source = await ready(await accessTokenOf(platform, developer));
      await createTask('Hidden');
      const task = await createTask('Theirs', { assigneeIds: [developer.userId] });
      await source.first('task.created');
      await sealed(() => call(owner, 'PATCH', `/tasks/${task.id}`, { assigneeIds: [] }), 'task.updated');
      await sealed(() => call(owner, 'PATCH', `/tasks/${task.id}`, { title: 'No longer' }), 'task.updated');
      await createTask('Next', { assigneeIds: [developer.userId] });
      await source.until(({ events }) => events.length === 3);
      expect(typesOf(source)).toEqual(['task.created', 'entity.hidden', 'task.created']);
      expect(source.events.map(titleOf)).toEqual(['Theirs', undefined, 'Next']);
      expect(hiddenBy(source)).toEqual([task.id]);
      expect(source.text).not.toContain('Hidden');
      expect(source.text).not.toContain('No longer');
    });

    it('and hide private projects from others', async () => {
      const [manager, member] = [await acme.addMember('manager'), await acme.addMember('manager')];
      const stranger = await ready(await accessTokenOf(platform, manager));
      const insider = await ready(await accessTokenOf(platform, member));
      const project = await call<Task>(owner, 'POST', '/projects', {
        key: 'CLOSED',
        name: 'Closed',
        visibility: 'private',
      });
      await call(owner, 'PUT', `/projects/${project.id}/members/${member.userId}`);
      await createTask('Secret', { projectId: project.id });
      await createTask('Public');
      await insider.until(({ text }) => text.includes('Public'));
      await stranger.until(({ text }) => text.includes('Public'));
      expect(insider.text).toContain('Secret');
      expect(stranger.text).not.toContain('Secret');
      expect(stranger.text).not.toContain('Closed');
    });

    it('and say what was taken out of their sight, and nothing about what they have never seen', async () => {
      const insider = await acme.addMember('member');
      const [token, other] = [
        await accessTokenOf(platform, insider),
        await accessTokenOf(platform, await acme.addMember('member')),
      ];
      const projectOf = (key: string, more: object = {}) =>
        call<Task>(owner, 'POST', '/projects', { key, name: key, ...more });
      const vault = await projectOf('VAULT', { visibility: 'private' });
      const cellar = await projectOf('CELLAR', { visibility: 'private' });
      const open = await projectOf('OPEN');
      await call(owner, 'PUT', `/projects/${vault.id}/members/${insider.userId}`);
      const moved = await createTask('Moved');
      const fromVault = await createTask('From the vault', { projectId: vault.id });
      const [source, strange] = [await ready(token), await ready(other)];

      await call(owner, 'POST', `/tasks/${moved.id}/move`, { projectId: vault.id });
      await call(owner, 'PATCH', `/tasks/${fromVault.id}`, { title: 'Still in the vault' });
      await strange.first('entity.hidden');
      await source.until(({ events }) => events.length === 2);
      expect(typesOf(source)).toEqual(['task.updated', 'task.updated']);

      await call(owner, 'POST', `/tasks/${fromVault.id}/move`, { projectId: cellar.id });
      await call(owner, 'PATCH', `/projects/${open.id}`, { visibility: 'private' });
      await call(owner, 'DELETE', `/projects/${vault.id}/members/${insider.userId}`);
      await sealed(() => createTask('Last'), 'task.created');
      await source.until(({ text }) => text.includes('Last'));
      await strange.until(({ text }) => text.includes('Last'));
      expect(hiddenBy(source)).toEqual([fromVault.id, open.id, vault.id]);
      expect(hiddenBy(strange)).toEqual([moved.id, open.id]);
      expect(strange.text).not.toContain(fromVault.id);
      expect(strange.text).not.toContain(vault.id);
      const [first] = source.received.filter(({ event }) => event === 'entity.hidden');
      expect(first).toMatchObject({ id: String(sequenceOf(first as Received)), data: { entity: { type: 'task' } } });
      expect(Object.keys(first?.data as object)).toEqual(['sequence', 'entity']);
    });

    it('and nothing of another organization', async () => {
      const other = await createOrganization(platform, 'Other');
      const token = await accessTokenOf(platform, other.owner);
      const source = await ready(token, { after: '0' });
      await createTask('Of Acme');
      await call(token, 'POST', '/tasks', { title: 'Of Other' });
      await source.until(({ text }) => text.includes('Of Other'));
      expect(source.text).not.toContain('Of Acme');
      expect(source.events.map((one) => (one.data as { organizationId: string }).organizationId)).toEqual([other.id]);
    });

    it('by the scopes of an API key', async () => {
      const made = (scopes: readonly string[]) =>
        call<{ secret: string; id: string }>(owner, 'POST', '/api-keys', { name: 'Reader', scopes });
      const source = await ready((await made(['event:read'])).secret);
      await createTask('For keys');
      await source.first('task.created');
      expect(await stream((await made(['task:read'])).secret)).toMatchObject({ status: 403 });
    });
  });

  describe('end within 5 seconds', () => {
    const expectCut = async (source: TestEventSource, work: () => Promise<unknown>, code: string): Promise<void> => {
      const began = performance.now();
      await work();
      const { at, data, id } = await source.first('closed', 7000);
      expect(at - began).toBeLessThan(5000);
      expect(data).toEqual({ code, detail: expect.any(String), resumable: false });
      expect(id).toBeNull();
      await source.until(({ isEnded }) => isEnded);
      await createTask('After the end');
      expect(source.text).not.toContain('After the end');
    };

    const arrive = async (...roles: Parameters<typeof acme.addMember>): Promise<[TestMember, string]> => {
      const member = await acme.addMember(...roles);
      return [member, await accessTokenOf(platform, member)];
    };

    it('when the session ends', async () => {
      const [, token] = await arrive('member');
      const source = await ready(token);
      await expectCut(source, () => call(token, 'POST', '/auth/logout-all'), 'unauthenticated');
    });

    it('when the API key is revoked', async () => {
      const input = { name: 'Short', scopes: ['event:read'] };
      const key = await call<{ secret: string; id: string }>(owner, 'POST', '/api-keys', input);
      const source = await ready(key.secret);
      await expectCut(source, () => call(owner, 'DELETE', `/api-keys/${key.id}`), 'unauthenticated');
    });

    it('when the membership ends', async () => {
      const [{ userId }, token] = await arrive('member');
      const source = await ready(token);
      const remove = () => call(owner, 'DELETE', `/organizations/${acme.id}/users/${userId}`);
      await expectCut(source, remove, 'organization_not_found');
    });

    it('when no role gives the permission any more', async () => {
      const [{ userId }, token] = await arrive('viewer');
      const source = await ready(token);
      const role = await call<{ id: string }>(owner, 'POST', '/roles', { name: 'Clerk', permissions: ['task:read'] });
      const path = `/organizations/${acme.id}/users/${userId}/roles`;
      await expectCut(source, () => call(owner, 'PUT', path, { roleIds: [role.id] }), 'permission_denied');
    });
  });

  it('bring people their new notifications, which count as delivered', async () => {
    const member = await acme.addMember('member');
    const token = await accessTokenOf(platform, member);
    const [source, filtered] = [await ready(token), await ready(token, { types: 'tag.*' })];
    const others = await ready(owner);
    const task = await createTask('For you', { assigneeIds: [member.userId] });
    await others.first('task.created');
    let now = Date.now();
    // The job waits for others like it, which it then does together.
    while (source.received.every(({ event }) => event !== 'notification') && Date.now() < now + 10_000) {
      await platform.runDueJobs();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    now = Date.now();
    for (const one of [source, filtered]) {
      const { id, data } = await one.first('notification');
      expect(id).toBeNull();
      expect(data).toMatchObject({ type: 'task.assigned', task: { id: task.id, title: 'For you' }, readAt: null });
    }
    expect(others.received.map(({ event }) => event)).not.toContain('notification');
    let delivered: string | null = null;
    while (delivered === null && Date.now() < now + 10_000) {
      const list = await call<{ data: { deliveredAt: string | null }[] }>(token, 'GET', '/notifications');
      delivered = list.data[0]?.deliveredAt ?? null;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(delivered).not.toBeNull();
  });

  it('are one row in the log of calls', async () => {
    const member = await acme.addMember('viewer');
    const token = await accessTokenOf(platform, member);
    (await ready(token)).close();
    await platform.apiLog.write();
    const query = `user=${member.userId}`;
    const log = await call<{ data: { endpoint: string; status: number; response: unknown }[] }>(
      owner,
      'GET',
      `/audit/api?${query}`,
    );
    expect(log.data).toMatchObject([{ endpoint: '/api/v1/events/stream', status: 200, response: null }]);
  });

  it('answer no HEAD', async () => {
    const response = await fetch(`${server.url}/api/v1/events/stream`, { method: 'HEAD' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
  });

  describe('over tRPC', () => {
    const subscribe = async (input: object, more: Readonly<Record<string, string>> = {}, token = owner) => {
      const query = new URLSearchParams({ input: JSON.stringify(input), ...more });
      const source = await TestEventSource.open(`${server.url}/trpc/events.subscribe?${query.toString()}`, {
        authorization: `Bearer ${token}`,
      });
      opened.push(source);
      return source;
    };
    const kinds = (source: TestEventSource) =>
      source.received.flatMap(({ event, data }) => (event === 'message' ? [(data as { kind: string }).kind] : []));

    it('send the same, each with the sequence to go on after', async () => {
      const source = await subscribe({ types: ['task.*'] });
      await source.until((one) => kinds(one).length === 1);
      await createTask('By tRPC');
      await source.until((one) => kinds(one).length === 2);
      expect(kinds(source)).toEqual(['ready', 'event']);
      const last = source.received.at(-1);
      expect(last).toMatchObject({ data: { event: { type: 'task.created', sequence: Number(last?.id) } } });
      await createTask('Meanwhile');
      const next = await subscribe({ types: ['task.*'] }, { lastEventId: last?.id ?? '' });
      await next.until((one) => kinds(one).length === 2);
      expect(next.received.at(-1)).toMatchObject({ data: { event: { data: { title: 'Meanwhile' } } } });
    });

    it('end with a problem', async () => {
      const member = await acme.addMember('member');
      const token = await accessTokenOf(platform, member);
      const source = await subscribe({}, {}, token);
      await source.until((one) => kinds(one).length === 1);
      await call(token, 'POST', '/auth/logout-all');
      const { data } = await source.first('serialized-error');
      expect(data).toMatchObject({ data: { problem: { code: 'unauthenticated', status: 401 } } });
      expect(await (await subscribe({}, {}, 'nobody')).first('serialized-error')).toMatchObject({
        data: { data: { problem: { code: 'unauthenticated' } } },
      });
    });
  });
});

describe.each(dialects)('a server with limits on %s', (dialect) => {
  let platform: TestPlatform;
  let server: Server;
  let acme: TestOrganization;
  const opened: TestEventSource[] = [];
  beforeAll(async () => {
    platform = await createTestPlatform(dialect, { settings: { streamsPerUser: 2, streamsPerOrganization: 3 } });
    server = await serve(platform);
    acme = await createOrganization(platform);
  });
  afterAll(async () => {
    for (const source of opened) source.close();
    await server.close();
    await platform.dispose();
  });

  const open = async (token: string): Promise<TestEventSource> => {
    const url = `${server.url}/api/v1/events/stream`;
    const source = await TestEventSource.open(url, { authorization: `Bearer ${token}` });
    opened.push(source);
    return source;
  };

  it('refuses too many streams of one user, and of one organization, until one is closed', async () => {
    const [owner, member] = [
      await accessTokenOf(platform, acme.owner),
      await accessTokenOf(platform, await acme.addMember('member')),
    ];
    const refused = { status: 429, problem: { code: 'rate_limited' } };
    const [first, second] = [await open(owner), await open(owner)];
    const third = await open(owner);
    expect(third).toMatchObject(refused);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await open(member)).toMatchObject({ status: 200 });
    expect(await open(member)).toMatchObject(refused);
    first.close();
    second.close();
    await expect.poll(async () => (await open(member)).status).toBe(200);
  });

  it('ends its streams when it stops, and opens no more', async () => {
    const token = await accessTokenOf(platform, await acme.addMember('member'));
    for (const source of opened.splice(0)) source.close();
    let source = await open(token);
    await expect
      .poll(async () => {
        if (source.status !== 200) source = await open(token);
        return source.status;
      })
      .toBe(200);
    await source.first('ready');
    const began = performance.now();
    platform.stopStreams();
    const { data } = await source.first('closed');
    expect(data).toMatchObject({ code: 'server_stopping', resumable: true });
    expect(source.text).toMatch(/\nretry: \d+\nevent: closed\n/);
    await source.until(({ isEnded }) => isEnded);
    expect(performance.now() - began).toBeLessThan(2000);
    expect(await open(token)).toMatchObject({ status: 503, problem: { code: 'server_stopping' } });
  });
});

describe('two servers on one PostgreSQL', () => {
  let platform: TestPlatform;
  let other: Platform;
  let servers: Server[];
  beforeAll(async () => {
    platform = await createTestPlatform('postgresql');
    other = await createPlatform(platform.settings);
    servers = [await serve(platform), await serve(other)];
  });
  afterAll(async () => {
    platform.stopStreams();
    other.stopStreams();
    for (const server of servers) await server.close();
    await other.close();
    await platform.dispose();
  });

  it('send each other what happens within 100 ms', async () => {
    const acme = await createOrganization(platform);
    const token = await accessTokenOf(platform, acme.owner);
    const [here, there] = servers.map(({ url }) => url);
    const authorization = { authorization: `Bearer ${token}` };
    const source = await TestEventSource.open(`${there}/api/v1/events/stream`, authorization);
    await source.first('ready');
    const create = async (title: string) => {
      const headers = { ...authorization, 'content-type': 'application/json' };
      await fetch(`${here}/api/v1/tasks`, { method: 'POST', headers, body: JSON.stringify({ title }) });
      return performance.now();
    };
    // The first waits until the other server listens.
    await create('Warm');
    await source.first('task.created');
    const delays: number[] = [];
    for (let count = 2; count < 12; count++) {
      const at = await create(`Across ${count}`);
      await source.until(({ events }) => events.length === count);
      delays.push((source.events.at(-1)?.at ?? 0) - at);
    }
    expect(delays.toSorted((a, b) => a - b)[5]).toBeLessThan(100);
    source.close();
  });
});
