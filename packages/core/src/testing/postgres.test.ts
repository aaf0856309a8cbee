import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installedServer, startPostgres } from './postgres.ts';

describe('a PostgreSQL for tests', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenon-closed-'));
    chmodSync(folder, 0o700);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('starts from a folder that only its owner may enter', async () => {
    // The whole package: its version is in the file beside the folder.
    cpSync(dirname(installedServer(18)), folder, { recursive: true, verbatimSymlinks: true });
    const server = await startPostgres({ server: join(folder, 'native') });
    try {
      const client = new pg.Client({ connectionString: `${server.url}/postgres` });
      await client.connect();
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      await client.end();
    } finally {
      await server.stop();
    }
  });

  it.each<[string, string | null, string]>([
    ['that is missing', null, ''],
    ['that cannot be executed', 'not a program', ''],
    ['that fails', '#!/bin/sh\necho "initdb: error: no room" >&2\necho "more" >&2\nexit 1\n', 'no room'],
    ['that fails without a word', '#!/bin/sh\nexit 1\n', ''],
  ])('says in one sentence what keeps a server from starting %s', async (_, initdb, reason) => {
    const server = join(folder, 'native');
    mkdirSync(join(server, 'bin'), { recursive: true });
    // Of its own version, as root would use the copy of an earlier run.
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: basename(folder) }));
    if (initdb !== null) writeFileSync(join(server, 'bin/initdb'), initdb, { mode: 0o755 });
    const message = await startPostgres({ server }).catch((error: Error) => error.message);
    rmSync(join(tmpdir(), `tenon-postgresql-${basename(folder)}`), { recursive: true, force: true });
    expect(message).toMatch(/^PostgreSQL for the tests cannot start: [^\n]+\.$/);
    expect(message).toContain(reason);
  });
});
