import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callerOf, login, type Page } from './support/api.ts';
import { freePort, runTenon, type RunningTenon, startServer, temporaryDirectory, until } from './support/server.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let servers: RunningTenon[];

beforeEach(() => {
  directory = temporaryDirectory();
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.kill('SIGKILL')));
  directory.remove();
});

async function start(variables: Record<string, string> = {}): Promise<RunningTenon> {
  const server = await startServer({ DATA_DIR: directory.path, ...variables });
  servers.push(server);
  return server;
}

/** The login and password that the first start prints. */
function credentialsIn(output: string): { name: string; password: string } {
  const name = /Login\s+(\S+)/.exec(output)?.[1];
  const password = /Password\s+(\S+)/.exec(output)?.[1];
  if (name === undefined || password === undefined) throw new Error(`No credentials in: ${output}`);
  return { name, password };
}

/** Opens a connection on which the test sends every byte itself. */
function open(url: string): { socket: Socket; answer: string } {
  const { hostname, port } = new URL(url);
  const connection = { socket: connect(Number(port), hostname).setEncoding('utf8'), answer: '' };
  connection.socket.on('data', (text: string) => (connection.answer += text));
  return connection;
}

describe('a first start on an empty folder', { timeout: 90_000 }, () => {
  it('prints once a login and a password that work', async () => {
    const first = await start();
    const { name, password } = credentialsIn(first.stdout);
    expect(first.stdout).toContain(first.url);
    expect(first.stdout).toContain(`${first.url}/docs`);
    const caller = callerOf(first.url, await login(first.url, name, password));
    const tasks = await caller.get<Page>('/tasks?total=true');
    expect(tasks.data.length).toBeGreaterThanOrEqual(4);
    expect(await first.kill('SIGTERM')).toEqual({ code: 0, signal: null });

    const second = await start();
    expect(second.stdout).not.toContain(password);
    expect(second.stdout).not.toMatch(/Password/);
    for (const part of [second.url, `${second.url}/docs`, name, 'tenon demo reset-password'])
      expect(second.stdout).toContain(part);
    const again = callerOf(second.url, await login(second.url, name, password));
    expect((await again.get<Page>('/tasks?total=true')).total).toBe(tasks.total);
  });

  it('ends with what it prints, after at most twenty lines', async () => {
    const first = await start();
    // The test itself has asked whether the server is ready.
    const printed = () => first.stdout.replaceAll(/^.*"\/health\/ready".*\n/gm, '');
    expect(printed().split('\n').indexOf('  Tenon is running, with a demo organization to try it on.')).toBeLessThan(
      20,
    );
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(printed()).toMatch(/\n  The password is shown this once\. .*\n\n$/);
  });

  it('has a demo user whose password can be replaced', async () => {
    const reset = () => runTenon(['demo', 'reset-password'], { DATA_DIR: directory.path });
    const missing =
      'tenon: There is no demo organization here. The first start on an empty SQLite database creates it.\n';
    await runTenon(['migrate'], { DATA_DIR: directory.path });
    expect(await reset()).toEqual({ code: 1, stdout: '', stderr: missing });
    expect((await start()).stdout).toContain('/api/v1/auth/register');
    await Promise.all(servers.map((server) => server.kill('SIGKILL')));

    directory.remove();
    directory = temporaryDirectory();
    const first = await start();
    const { name, password } = credentialsIn(first.stdout);
    const { code, stdout } = await reset();
    expect([code, credentialsIn(stdout).name]).toEqual([0, name]);
    await expect(login(first.url, name, password)).rejects.toThrow('401');
    expect(await login(first.url, name, credentialsIn(stdout).password)).toMatch(/./);
  });

  it('creates no demo in production', async () => {
    const server = await start({
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      SECRET_KEY: 'q7Xv2mKpL9sZ4dRt8wYb3nHc6gJf1aEu5oPi0TkWxVy',
      ENCRYPTION_KEY: 'cZF8wqZxUupmIsEaDZ1MCeSlSTLY6oZmQrVlSw8i1Ls=',
    });
    expect(server.stdout).not.toMatch(/Password/);
  });
});

describe('stopping', { timeout: 90_000 }, () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s finishes running requests, refuses others and exits with 0',
    async (signal) => {
      const server = await start();
      const body = JSON.stringify({ login: 'nobody', password: 'nothing at all' });
      const connection = open(server.url);
      connection.socket.write(
        'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
          `Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
      );
      // Now the request is running, until its whole body has arrived.
      await until(
        () => (connection.answer.includes('100 Continue') ? true : undefined),
        'the beginning of the request',
      );

      server.process.kill(signal);
      await until(
        () =>
          fetch(`${server.url}/health/live`).then(
            () => undefined,
            () => true as const,
          ),
        'an end of accepting connections',
      );
      expect(server.process.exitCode).toBeNull();
      connection.socket.write(body);

      expect(await server.ended).toEqual({ code: 0, signal: null });
      expect(connection.answer).toMatch(/^HTTP\/1\.1 401 /m);
      expect(connection.answer.toLowerCase()).toContain('connection: close');
      expect(server.log.at(-1)).toMatchObject({ msg: 'stopped' });
    },
  );

  it('accepts requests until load balancers know that it stops', async () => {
    const server = await start({ DRAIN_SECONDS: '2' });
    server.process.kill('SIGTERM');
    const ready = () => fetch(`${server.url}/health/ready`).then(({ status }) => status);
    await until(async () => ((await ready()) === 503 ? true : undefined), 'the end of readiness');
    const answer = await fetch(`${server.url}/openapi.json`);
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
    const stopping = performance.now();
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - stopping).toBeGreaterThan(500);
    await expect(ready()).rejects.toThrow(/fetch failed/);
  });

  it('reports at once that it is no longer ready', async () => {
    const server = await start();
    const connection = open(server.url);
    // The connection is not closed as idle, because half a request was sent. It is accepted before any connection that is opened later.
    connection.socket.write('GET /health/ready HTTP/1.1\r\nHost: x\r\n');
    await fetch(`${server.url}/health/live`);
    server.process.kill('SIGTERM');
    await until(() => (server.stdout.includes('"stopping"') ? true : undefined), 'the stop');
    connection.socket.write('\r\n');

    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(connection.answer).toMatch(/^HTTP\/1\.1 503 /m);
    expect(connection.answer).toContain('{"status":"draining"}');
  });
});

describe('the command line', { timeout: 90_000 }, () => {
  it('refuses to serve in production with wrong settings, and names every one', async () => {
    const { code, stderr } = await runTenon(['serve'], {
      NODE_ENV: 'production',
      DATA_DIR: directory.path,
      PORT: 'eighty',
      CORS_ORIGINS: '*',
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/4 settings are wrong/);
    for (const variable of ['SECRET_KEY', 'ENCRYPTION_KEY', 'PORT', 'CORS_ORIGINS'])
      expect(stderr).toContain(`${variable} is`);
  });

  it.each([
    ['teleport'],
    ['serve', '--fast'],
    ['seed', '--tasks', 'many'],
    ['organizations', 'close', 'acme', 'free'],
    ['serve', 'now'],
    ['secrets'],
    ['secrets', 'burn'],
  ])('does not understand %s', async (...args) => {
    const { code, stderr } = await runTenon(args, { DATA_DIR: directory.path });
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: tenon');
  });

  it('prints its help', async () => {
    const { code, stdout } = await runTenon(['--help']);
    expect(code).toBe(0);
    for (const command of ['serve', 'migrate', 'seed']) expect(stdout).toContain(command);
  });

  it('says that the port is in use', async () => {
    const server = await start();
    const other = temporaryDirectory();
    try {
      const { code, stderr } = await runTenon(['serve'], { DATA_DIR: other.path, PORT: new URL(server.url).port });
      expect(code).toBe(1);
      expect(stderr).toContain('The port is in use.');
    } finally {
      other.remove();
    }
  });

  it('sets the tier of an organization, and its own limits', async () => {
    const variables = { DATA_DIR: directory.path, PORT: String(await freePort()) };
    await runTenon(['seed', '--tasks', '1', '--organizations', '1'], variables);
    const set = (...args: string[]) => runTenon(['organizations', 'set-tier', ...args], variables);
    const slug = 'northwind-logistics';

    expect(await set(slug, 'pro', '--max-tasks', '20')).toMatchObject({
      code: 0,
      stdout: `${slug}: tier pro, users of the tier, tasks 20\n`,
    });
    expect(await set(slug, 'pro', '--max-tasks', 'none')).toMatchObject({
      stdout: `${slug}: tier pro, users of the tier, tasks of the tier\n`,
    });
    expect(await set(slug, 'gold')).toMatchObject({ code: 2 });
    const missing = await set('nobody', 'pro');
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('There is no such organization');
  });

  it('migrates, and does nothing the second time', async () => {
    const variables = { DATA_DIR: directory.path, PORT: String(await freePort()) };
    expect((await runTenon(['migrate'], variables)).stdout).toContain('Migrated: ');
    expect(await runTenon(['migrate'], variables)).toMatchObject({ code: 0, stdout: 'Nothing to migrate.\n' });
  });
});
