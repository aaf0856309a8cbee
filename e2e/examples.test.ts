import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, callerOf, registerOwner } from './support/api.ts';
import { type RunningTenon, startServer, temporaryDirectory } from './support/server.ts';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

describe('the examples', () => {
  const data = temporaryDirectory();
  let server: RunningTenon;

  beforeAll(async () => {
    server = await startServer({ DATA_DIR: data.path });
  });
  afterAll(async () => {
    await server.kill('SIGTERM');
    data.remove();
  });

  it('walk through the REST API with curl', async () => {
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
    const { stdout } = await run('bash', [join(root, 'examples/rest-walk.sh'), server.url], { env });
    expect(stdout).toContain('ENGINE-1\n');
    expect(stdout).toContain('part,teeth\nwheel,40\n');
    expect(stdout).toContain('updated in_progress done\nupdated todo in_progress\ncreated  todo\n');
    expect(stdout).toContain('Ada Lovelace attached wheels.csv');
    expect(stdout).toMatch(/"total":2,.*"completedThisWeek":1,"avgCompletionTimeHours":5\}\n100\n$/);
  });

  describe('show a board in the terminal', () => {
    let owner: Caller;
    let apiKey: string;

    beforeAll(async () => {
      owner = callerOf(server.url, (await registerOwner(server.url)).token);
      const scopes = ['task:read', 'task:update', 'comment:read', 'comment:create'];
      scopes.push('attachment:read', 'attachment:create', 'project:read');
      apiKey = (await owner.post<{ secret: string }>('/api-keys', { name: 'Board', scopes })).secret;
      const { id: projectId } = await owner.post<{ id: string }>('/projects', { key: 'MILL', name: 'Mill' });
      await owner.post('/tasks', { title: 'Cut the gear wheels', priority: 'high', projectId });
    });

    const board = (...words: string[]) =>
      run(process.execPath, [join(root, 'examples/board/board.ts'), ...words], {
        env: { ...process.env, TENON_URL: server.url, TENON_API_KEY: apiKey },
      });

    it('that lists, moves, comments, uploads and watches', async () => {
      expect((await board('list', 'MILL')).stdout).toMatch(/^todo .*\n\s*\|[^\n]*\nMILL-1 Cut the gear wheels /);
      expect((await board('move', 'MILL-1', 'in_review')).stdout).toBe('MILL-1 is in_review.\n');
      await board('comment', 'MILL-1', 'Forty', 'teeth.');
      const uploaded = await board('upload', 'MILL-1', join(root, 'LICENSE'));
      expect(uploaded.stdout).toMatch(/^Attached LICENSE, \d+ bytes\.\n$/);
      await board('watch', 'MILL-1');
      const shown = (await board('show', 'mill-1')).stdout;
      expect(shown).toMatch(
        /^MILL-1 Cut the gear wheels \(in_review, high\)\n.*: Forty teeth\.\n\[LICENSE, \d+ bytes\]\n$/,
      );
      expect(await owner.get('/tasks/MILL-1')).toMatchObject({ status: 'in_review', watching: true });
    });

    it('that says what is wrong', async () => {
      await expect(board('show', 'MILL-2')).rejects.toMatchObject({
        stderr: expect.stringContaining('task_not_found'),
      });
      await expect(board('move', 'MILL-1')).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringContaining('STATUS'),
      });
    });
  });
});
