import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { prepareTemplate, startPostgres, type TestPostgres } from '../packages/core/src/testing/index.ts';
import { freePort, runTenon, Tenon, temporaryDirectory, until } from './support/server.ts';

/** As in production, the login of the server owns no tables, and the server has no other login. */
describe('a server on PostgreSQL', { timeout: 90_000 }, () => {
  let postgres: TestPostgres;
  let directory: ReturnType<typeof temporaryDirectory>;
  let server: Tenon | undefined;

  beforeAll(async () => {
    postgres = await startPostgres();
    // Creates the login and the roles. The servers below use other databases.
    await prepareTemplate(postgres.url);
  });
  afterAll(() => postgres.stop());
  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(async () => {
    await server?.kill('SIGKILL');
    directory.remove();
  });

  const loginUrl = (database: string): string =>
    `${postgres.url.replace('postgres:postgres@', 'tenon_login:login@')}/${database}`;

  async function start(database: string): Promise<string> {
    const port = String(await freePort());
    server = new Tenon(['serve'], { DATA_DIR: directory.path, DATABASE_URL: loginUrl(database), PORT: port });
    const url = `http://127.0.0.1:${port}`;
    await until(
      () =>
        fetch(`${url}/health/live`).then(
          ({ ok }) => (ok ? true : undefined),
          () => undefined,
        ),
      'liveness',
    );
    return url;
  }

  it('is ready if its database was migrated with another login', async () => {
    const url = await start('tenon_template');
    const ready = await until(async () => {
      const response = await fetch(`${url}/health/ready`);
      return response.ok ? response : undefined;
    }, 'readiness');
    expect(await ready.json()).toEqual({ status: 'ready' });
    expect(server?.stdout).not.toMatch(/Password/);
  });

  it('says once that its database is away, and once that it is back', async () => {
    const url = await start('tenon_template');
    const isReady = async () => ((await fetch(`${url}/health/ready`)).ok ? true : undefined);
    await until(isReady, 'readiness');
    const statuses = new Set<number>();
    await postgres.restart(async () => {
      // Longer than any loop of the server waits.
      for (const end = performance.now() + 2500; performance.now() < end;) {
        const key = { 'x-api-key': `sk_${'0'.repeat(8)}_${'0'.repeat(43)}` };
        const answers = await Promise.all([1, 2, 3, 4].map(() => fetch(`${url}/api/v1/tasks`, { headers: key })));
        for (const { status } of answers) statuses.add(status);
        await fetch(`${url}/health/ready`);
      }
    });
    await until(isReady, 'readiness after the restart');
    await until(() => server?.log.find(({ msg }) => msg === 'the database can be reached again'), 'a line about it');

    expect([...statuses]).toEqual([503]);
    const lines = server?.log ?? [];
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toMatchObject([
      { level: 'error', msg: 'the database cannot be reached', reason: expect.stringMatching(/./) },
    ]);
    expect(lines.filter(({ msg }) => msg === 'the database can be reached again')).toMatchObject([
      { failures: expect.any(Number), seconds: expect.any(Number) },
    ]);
    expect(server?.stdout).not.toContain('"stack"');
  });

  it('is filled by `tenon seed` with its own login, and says what is missing', async () => {
    const seed = (database: string) =>
      runTenon(['seed', '--tasks', '4', '--organizations', '1'], {
        DATA_DIR: directory.path,
        DATABASE_URL: loginUrl(database),
      });
    expect(await seed('tenon_template')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('4 tasks in 1 organizations'),
    });
    expect(await seed('postgres')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'tenon: The database is not migrated: run "tenon migrate".\n',
    });
  });

  it('does not migrate, says so, and becomes ready after a migration', async () => {
    const url = await start('postgres');
    const refused = await until(async () => {
      const response = await fetch(`${url}/health/ready`);
      const body = (await response.json()) as { status: string; checks: Record<string, string> };
      return body.status === 'failing' ? { status: response.status, body } : undefined;
    }, 'an answer about readiness');
    expect(refused.status).toBe(503);
    expect(refused.body.checks['migrations']).toMatch(/^\d+ migrations are pending: run "tenon migrate"\.$/);

    const migrated = await runTenon(['migrate'], {
      DATA_DIR: directory.path,
      DATABASE_URL: loginUrl('postgres'),
      DATABASE_MIGRATION_URL: `${postgres.url}/postgres`,
    });
    expect(migrated).toMatchObject({ code: 0, stdout: expect.stringContaining('Migrated: ') });
    await until(async () => ((await fetch(`${url}/health/ready`)).ok ? true : undefined), 'readiness');
  });
});
