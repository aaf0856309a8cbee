import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, createTestDatabase, dialects, type TestDatabase } from '../packages/core/src/testing/index.ts';
import { callerOf, type Caller, login, type Page, registerOwner } from './support/api.ts';
import { type RunningTenon, startServer, temporaryDirectory } from './support/server.ts';

const creates = 1000;
const atOnce = 32;

/** What a unit of work wrote: the task, its links, its number, and its event. */
interface Task {
  id: string;
  title: string;
  number: number;
  tags: unknown[];
}

/** Creates tasks until the server is killed. Returns the titles that it acknowledged. */
async function createUntilKilled(server: RunningTenon, caller: Caller): Promise<string[]> {
  const tag = await caller.post<{ id: string }>('/tags', { name: 'Durable', color: '#336699' });
  const acknowledged: string[] = [];
  let next = 0;
  const client = async () => {
    while (next < creates) {
      const title = `Task ${next++}`;
      // An answer counts only if it arrived completely.
      const task = await caller.post<Task>('/tasks', { title, tagIds: [tag.id] }).catch(() => null);
      if (task === null) return;
      acknowledged.push(task.title);
      if (acknowledged.length === creates / 2) server.process.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return acknowledged;
}

async function allTasks(caller: Caller): Promise<Task[]> {
  const tasks: Task[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Page<Task> = await caller.get(`/tasks?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    tasks.push(...page.data);
    cursor = page.nextCursor;
  }
  return tasks;
}

describe.each(dialects)('kill -9 during creates on %s', (dialect) => {
  let database: TestDatabase;
  let directory: ReturnType<typeof temporaryDirectory>;
  let server: RunningTenon | undefined;

  beforeAll(async () => {
    database = await createTestDatabase(dialect);
    directory = temporaryDirectory();
  });
  afterAll(async () => {
    await server?.kill('SIGKILL');
    await database.drop();
    directory.remove();
  });

  it('loses no acknowledged task, and keeps no other task in part', { timeout: 120_000 }, async () => {
    const variables = {
      DATA_DIR: directory.path,
      DATABASE_URL: database.url,
      LOG_LEVEL: 'warn',
      ...(dialect === 'postgresql' ? { DATABASE_MIGRATION_URL: asSuperuser(database.url) } : {}),
    };
    server = await startServer(variables);
    const owner = await registerOwner(server.url);
    const acknowledged = await createUntilKilled(server, callerOf(server.url, owner.token));
    expect((await server.ended).signal).toBe('SIGKILL');
    expect(acknowledged.length).toBeGreaterThanOrEqual(creates / 2);
    expect(acknowledged.length).toBeLessThan(creates);

    server = await startServer(variables);
    const caller = callerOf(server.url, await login(server.url, owner.email, owner.password));
    const tasks = await allTasks(caller);
    const found = new Set(tasks.map(({ title }) => title));
    expect(acknowledged.filter((title) => !found.has(title))).toEqual([]);
    // Only requests that were running when the server was killed may have created a task without an answer.
    expect(found.size - acknowledged.length).toBeLessThanOrEqual(atOnce);

    // Either all that a unit wrote is there, or nothing of it.
    expect(tasks.filter(({ tags }) => tags.length !== 1)).toEqual([]);
    expect(new Set(tasks.map(({ number }) => number)).size).toBe(tasks.length);
    for (const { id } of tasks) {
      const { data } = await caller.get<Page<{ type: string }>>(`/tasks/${id}/activity`);
      expect(data.map(({ type }) => type)).toEqual(['task.created']);
    }
    const last = await caller.post<Task>('/tasks', { title: 'After the restart' });
    expect(last.number).toBe(tasks.length + 1);
  });
});
