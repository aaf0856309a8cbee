import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, createTestDatabase, dialects, type TestDatabase } from '../packages/core/src/testing/index.ts';
import { callerOf, login, type Page, registerOwner } from './support/api.ts';
import { type RunningTenon, startServer, temporaryDirectory } from './support/server.ts';

const creates = 1000;
const atOnce = 16;

/** Creates tasks until the server is killed. Returns the titles that it acknowledged. */
async function createUntilKilled(server: RunningTenon, token: string): Promise<string[]> {
  const caller = callerOf(server.url, token);
  const acknowledged: string[] = [];
  let next = 0;
  const client = async () => {
    while (next < creates) {
      const title = `Task ${next++}`;
      // An answer counts only if it arrived completely.
      const task = await caller.post<{ title: string }>('/tasks', { title }).catch(() => null);
      if (task === null) return;
      acknowledged.push(task.title);
      if (acknowledged.length === creates / 2) server.process.kill('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return acknowledged;
}

async function allTitles(url: string, token: string): Promise<string[]> {
  const caller = callerOf(url, token);
  const titles: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Page = await caller.get(`/tasks?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    titles.push(...page.data.map((task) => task.title));
    cursor = page.nextCursor;
  }
  return titles;
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

  it('loses none of the acknowledged tasks', { timeout: 120_000 }, async () => {
    const variables = {
      DATA_DIR: directory.path,
      DATABASE_URL: database.url,
      LOG_LEVEL: 'warn',
      ...(dialect === 'postgresql' ? { DATABASE_MIGRATION_URL: asSuperuser(database.url) } : {}),
    };
    server = await startServer(variables);
    const owner = await registerOwner(server.url);
    const acknowledged = await createUntilKilled(server, owner.token);
    expect((await server.ended).signal).toBe('SIGKILL');
    expect(acknowledged.length).toBeGreaterThanOrEqual(creates / 2);
    expect(acknowledged.length).toBeLessThan(creates);

    server = await startServer(variables);
    const found = new Set(await allTitles(server.url, await login(server.url, owner.email, owner.password)));
    expect(acknowledged.filter((title) => !found.has(title))).toEqual([]);
    // Only requests that were running when the server was killed may have created a task without an answer.
    expect(found.size - acknowledged.length).toBeLessThanOrEqual(atOnce);
  });
});
