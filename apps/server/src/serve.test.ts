import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { figureDifferences, figureTables, openDump } from '@tenon/core/testing';
import { ConnectionError, createTenon, NotFoundError, type Tenon } from '@tenon/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { type RunningServer, serve, urlOf } from './serve.ts';
import { readSettings } from './settings.ts';

/** A server that starts in an empty folder, called by the SDK. */
describe('serve', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tenon-serve-'));
  const mailbox = join(directory, 'mailbox');
  const written: string[] = [];
  let server: RunningServer;
  let tenon: Tenon;

  const start = () => {
    const logger = createLogger('info', { write: (line: string) => void written.push(line) });
    return serve(readSettings({ DATA_DIR: directory, PORT: '0' }), logger);
  };
  /** The credentials that the first start has printed. */
  const credentials = () => {
    const [, login = '', password = ''] = /Login\s+(\S+)\s+Password\s+(\S+)/.exec(server.welcome ?? '') ?? [];
    return { login, password };
  };

  beforeAll(async () => {
    server = await start();
    tenon = createTenon({ baseUrl: server.url });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('prints credentials that work', async () => {
    await tenon.auth.login(credentials());
    const { organization, roles } = await tenon.auth.me();
    expect(organization?.name).toBe('Berg Outdoor');
    expect(roles.map((role) => role.key)).toEqual(['owner']);
  });

  it('has demo tasks: assigned, tagged, discussed, and one overdue', async () => {
    const tasks = [];
    for await (const task of tenon.tasks.list({ sort: 'number' })) tasks.push(task);
    expect(tasks.length).toBeGreaterThanOrEqual(4);
    expect(tasks.every((task) => task.assignees.length > 0)).toBe(true);
    expect(new Set(tasks.map((task) => task.status)).size).toBeGreaterThan(2);
    const { data: late } = await tenon.tasks.list({ overdue: true });
    expect(late).toHaveLength(1);
    const { data: comments } = await tenon.comments.list({ taskId: tasks[0]?.id ?? '' });
    expect(comments).toHaveLength(1);
  });

  it('has figures that equal a count of the demo tasks', async () => {
    const dump = await openDump(readSettings({ DATA_DIR: directory }).databaseUrl);
    const rows = await dump.read(figureTables);
    await dump.close();
    expect(rows['tasks']?.length).toBeGreaterThanOrEqual(40);
    expect(figureDifferences(rows, new Date())).toEqual([]);
  });

  it('has three demo projects, of which one is private, with files and a past', async () => {
    const { data: projects } = await tenon.projects.list({ include: ['taskCounts', 'attachmentCount'] });
    expect(projects.map(({ visibility }) => visibility).toSorted()).toEqual([
      'organization',
      'organization',
      'private',
    ]);
    expect(projects.reduce((sum, { taskCounts }) => sum + (taskCounts?.total ?? 0), 0)).toBe(40);
    expect(projects.some(({ attachmentCount }) => attachmentCount === 1)).toBe(true);
    const { data: tasks } = await tenon.tasks.list({ limit: 100, include: ['commentCount', 'attachmentCount'] });
    expect(new Set(tasks.map(({ status }) => status)).size).toBe(5);
    expect(tasks.filter(({ blockedBy }) => blockedBy.length > 0).length).toBeGreaterThan(2);
    expect(tasks.filter(({ attachmentCount = 0 }) => attachmentCount > 0).length).toBeGreaterThan(2);
    const [discussed] = tasks.toSorted((one, other) => (other.commentCount ?? 0) - (one.commentCount ?? 0));
    const { data: comments } = await tenon.comments.list({ taskId: discussed?.id ?? '' });
    expect(comments.some(({ mentions }) => mentions.length > 0)).toBe(true);
    const { data: history } = await tenon.tasks.history({ id: discussed?.id ?? '' });
    expect(new Set(history.map(({ actor }) => actor?.id)).size).toBeGreaterThan(1);
    const days = (Date.now() - Date.parse(history.at(-1)?.at ?? '')) / 86_400_000;
    expect(days).toBeGreaterThan(3);
    const figures = await tenon.analytics.tasks({});
    expect(figures).toMatchObject({ total: 40, overdue: 1 });
    expect(figures.completedThisWeek).toBeGreaterThan(3);
    expect(figures.avgCompletionTimeHours).toBeGreaterThan(1);
  });

  it('sends mail in the background, into the mailbox folder', async () => {
    await tenon.auth.register({ email: 'ada@example.com', password: 'correct horse battery staple' });
    const mails = () =>
      existsSync(mailbox) ? readdirSync(mailbox).map((name) => readFileSync(join(mailbox, name), 'utf8')) : [];
    await expect
      .poll(mails)
      .toEqual([expect.stringMatching(/^To: ada@example\.com\r\nSubject: Verify your e-mail address/m)]);
  });

  it('answers and logs an error with the same request id', async () => {
    const missing = await tenon.tasks.get({ id: crypto.randomUUID() }).catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(NotFoundError);
    const lines = written.map((line) => JSON.parse(line));
    expect(lines).toContainEqual(
      expect.objectContaining({
        requestId: (missing as NotFoundError).requestId,
        path: '/trpc/tasks.get',
        msg: 'request',
      }),
    );
    expect(written.join('')).not.toMatch(/Bearer|correct horse/);
  });

  it('closes everything, however often it is stopped', async () => {
    await Promise.all([server.stop(), server.stop()]);
    expect(JSON.parse(written.at(-1) ?? '')).toMatchObject({ msg: 'stopped' });
    const late = createTenon({ baseUrl: server.url, retry: { limit: 0 } }).auth.me();
    await expect(late).rejects.toBeInstanceOf(ConnectionError);
  });

  it('has logged the calls of the moment in which it stopped', async () => {
    const first = await start();
    const caller = createTenon({ baseUrl: first.url });
    await caller.auth.login(credentials());
    await caller.tags.list({ limit: 7 });
    await first.stop();
    const second = await start();
    const reader = createTenon({ baseUrl: second.url });
    await reader.auth.login(credentials());
    const { data } = await reader.apiAudit.list({ endpoint: ['/api/v1/tags'] });
    expect(data).toMatchObject([{ method: 'GET', path: '/trpc/tags.list', status: 200 }]);
    await second.stop();
  });
});

it.each([
  ['127.0.0.1', 'http://127.0.0.1:8000/'],
  ['localhost', 'http://localhost:8000/'],
  ['::1', 'http://[::1]:8000/'],
])('a server that listens on %s has the URL %s', (host, url) => {
  expect(new URL(urlOf(host, 8000)).href).toBe(url);
});
