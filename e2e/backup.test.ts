import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../packages/core/src/testing/index.ts';
import { login, registerOwner } from './support/api.ts';
import { runTenon, startServer, temporaryDirectory } from './support/server.ts';

const guide = readFileSync(join(import.meta.dirname, '../docs/operate/README.md'), 'utf8');
const run = promisify(execFile);

/** The code block of the operator's guide that is marked with this word. */
function block(mark: string): string {
  const code = new RegExp(`\`\`\`\\w+ ${mark}\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1];
  if (!code) throw new Error(`The guide has no block marked ${mark}.`);
  return code;
}

/** The programs of PostgreSQL are no part of the servers that npm installs. */
const hasPrograms = ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql', 'createdb'].every(
  (program) => spawnSync(program, ['--version']).status === 0,
);

describe.runIf(hasPrograms)('a backup of PostgreSQL, where pg_dump and psql are installed', { timeout: 60_000 }, () => {
  const folder = temporaryDirectory();
  let servers: TestPostgres[];

  beforeAll(async () => {
    // No pg_dump dumps a server that is newer than itself.
    servers = await Promise.all([startPostgres({ major: 15 }), startPostgres({ major: 15 })]);
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    folder.remove();
  });

  /** Runs a block of the guide as the superuser of a server. */
  const follow = ({ url }: TestPostgres, program: string, ...args: string[]) => {
    const { hostname, port, username, password } = new URL(url);
    const connection = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password };
    return run(program, args, { cwd: folder.path, env: { PATH: process.env['PATH'], ...connection } });
  };
  const loginTo = ({ url }: TestPostgres, name: string) =>
    `${url.replace('postgres:postgres@', `${name}:secret@`)}/tenon`;
  const settingsOf = (server: TestPostgres) => ({
    DATA_DIR: folder.path,
    PUBLIC_URL: 'http://localhost:8000',
    DATABASE_URL: loginTo(server, 'tenon'),
    DATABASE_MIGRATION_URL: loginTo(server, 'tenon_owner'),
  });

  it('is restored to another server as the guide says', async () => {
    const [first, second] = servers;
    if (!first || !second) throw new Error('There are no servers.');
    for (const statement of block('logins').replaceAll('…', 'secret').trim().split('\n'))
      await follow(first, 'psql', '--command', statement, 'postgres');
    expect(await runTenon(['migrate'], settingsOf(first))).toMatchObject({ code: 0 });
    const before = await startServer(settingsOf(first));
    const { email, password } = await registerOwner(before.url);
    await before.kill('SIGTERM');

    await follow(first, 'bash', '-euc', block('backup'));
    await follow(second, 'bash', '-euc', block('restore'));
    expect(await runTenon(['migrate'], settingsOf(second))).toMatchObject({ code: 0, stdout: 'Nothing to migrate.\n' });
    const after = await startServer(settingsOf(second));
    expect(await login(after.url, email, password)).toMatch(/./);
    await after.kill('SIGTERM');
  });
});
