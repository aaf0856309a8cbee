import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningTenon, startServer, temporaryDirectory } from './support/server.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const run = promisify(execFile);

/** The code block of the README that is marked with this word, with the address of the server under test. */
function example(mark: string, url: string): string {
  const code = new RegExp(`\`\`\`\\w+ ${mark}\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (!code) throw new Error(`The README has no example marked ${mark}.`);
  return code.replaceAll('http://localhost:8000', url);
}

describe('the README', () => {
  const data = temporaryDirectory();
  const walk = join(root, 'examples/board/walk.ts');
  const bash = (code: string) => {
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
    return run('bash', ['-euo', 'pipefail', '-c', code], { env, cwd: root });
  };
  let server: RunningTenon;

  beforeAll(async () => {
    server = await startServer({ DATA_DIR: data.path });
  });
  afterAll(async () => {
    await server.kill('SIGTERM');
    data.remove();
    rmSync(walk, { force: true });
  });

  it('walks through the API with curl', async () => {
    const { stdout } = await bash(example('walk', server.url));
    expect(stdout).toContain('"status":"in_progress"');
    expect(stdout).toContain('"total":1');
    expect(stdout).toContain('"task.updated"');
  });

  it('does the same with the SDK in ten lines', async () => {
    const script = example('script', server.url);
    expect(script.trim().split('\n').length).toBeLessThanOrEqual(10);
    writeFileSync(walk, script);
    expect(readme).toContain(`Save this as \`${relative(root, walk)}\``);
    const { stdout } = await bash(example('sdk', server.url));
    expect(stdout.split('\n')).toEqual([
      'true version_conflict',
      '1 Weave algebraic patterns in_progress',
      '2 Compute Bernoulli numbers done',
      '',
    ]);
  });
});
