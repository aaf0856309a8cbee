import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPlatform, listTasks, login, type Task } from '@tenon/core';
import { afterEach, describe, expect, it } from 'vitest';
import { readSettings } from '../settings.ts';
import { seed } from './seed.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Seeds a fresh installation and reads back what the owner of its first organization sees. */
async function seeded(number: number): Promise<Task[]> {
  const directory = mkdtempSync(join(tmpdir(), 'tenon-seed-'));
  directories.push(directory);
  const settings = readSettings({ DATA_DIR: directory });
  const said: string[] = [];
  await seed(settings, { tasks: 25, organizations: 2, seed: number, say: (line) => void said.push(line) });
  const [summary = '', owners = '', password = ''] = said;
  expect(summary).toMatch(/^25 tasks in 2 organizations in /);

  const platform = await createPlatform(settings);
  try {
    const signedIn = await login(
      platform.context({ principal: null }),
      {
        login: /owner@[\w.-]+/.exec(owners)?.[0] ?? '',
        password: password.split(': ')[1] ?? '',
        tokenTransport: 'body',
      },
      { userAgent: null, refreshCookie: null, setRefreshCookie: () => {} },
    );
    const principal = await platform.principal(await platform.authenticate(signedIn.accessToken), 'required');
    const { data } = await listTasks(platform.context({ principal }), {
      limit: 100,
      total: false,
      deleted: false,
      sort: 'number',
    });
    return data;
  } finally {
    await platform.close();
  }
}

describe('seed', () => {
  it('gives each organization its share, and every task an assignee, two tags and a past', async () => {
    const tasks = await seeded(1);
    expect(tasks).toHaveLength(12);
    for (const task of tasks) expect([task.assignees.length, task.tags.length]).toEqual([1, 2]);
    expect(new Set(tasks.map((task) => task.teamId)).size).toBeGreaterThan(1);
    const instants = tasks.map((task) => task.createdAt);
    expect(instants).toEqual([...instants].sort());
    expect(Date.parse(instants[0] ?? '')).toBeLessThan(Date.now() - 150 * 86_400_000);
  });

  it('makes the same tasks from the same seed, and others from another', async () => {
    const shown = async (number: number) =>
      (await seeded(number)).map(({ title, status, priority, assignees }) => [
        title,
        status,
        priority,
        assignees[0]?.fullName,
      ]);
    const first = await shown(7);
    expect(await shown(7)).toEqual(first);
    expect(await shown(8)).not.toEqual(first);
  });

  it('refuses production', async () => {
    const production = { ...readSettings({ DATA_DIR: mkdtempSync(join(tmpdir(), 'tenon-seed-')) }), production: true };
    directories.push(production.dataDirectory);
    const options = { tasks: 1, organizations: 1, seed: 1, say: () => {} };
    await expect(seed(production, options)).rejects.toThrow('refused in production');
  });
});
