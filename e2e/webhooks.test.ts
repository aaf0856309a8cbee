import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, callerOf, registerOwner } from './support/api.ts';
import { freePort, type RunningTenon, startServer, temporaryDirectory, until } from './support/server.ts';

const root = join(import.meta.dirname, '..');
const guide = readFileSync(join(root, 'docs/guides/webhooks.md'), 'utf8');
const run = promisify(execFile);

/** The code block of the guide that is marked with this word. */
function example(mark: string): string {
  const code = new RegExp(`\`\`\`\\w+ ${mark}\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1];
  if (!code) throw new Error(`The guide has no example marked ${mark}.`);
  return code;
}

describe('the guide to webhooks', () => {
  const data = temporaryDirectory();
  // Scripts in the folder of a package can import the package by its name.
  const below = mkdtempSync(join(root, 'packages/sdk/.guide-'));
  let port: number;
  let server: RunningTenon;
  let owner: Caller;
  let environment: NodeJS.ProcessEnv;
  let receiver: ChildProcess | undefined;
  let received = '';

  beforeAll(async () => {
    port = await freePort();
    server = await startServer({ DATA_DIR: data.path, WEBHOOK_ALLOWED_HOSTS: `localhost:${port}` });
    owner = callerOf(server.url, (await registerOwner(server.url)).token);
    const scopes = ['webhook:create', 'webhook:read', 'webhook:update', 'activity:read'];
    const { secret } = await owner.post<{ secret: string }>('/api-keys', { name: 'Reports', scopes });
    environment = { ...process.env, TENON_API_KEY: secret };
  });
  afterAll(async () => {
    receiver?.kill('SIGKILL');
    await server.kill('SIGTERM');
    data.remove();
    rmSync(below, { recursive: true });
  });

  /** Writes a program of the guide with the addresses of this test. */
  function program(name: string, code: string): string {
    const file = join(below, name);
    const here = code.replaceAll('http://localhost:8000', server.url).replaceAll('localhost:3000', `localhost:${port}`);
    writeFileSync(file, here);
    return file;
  }

  it('creates a webhook, receives events, looks and sends again', async () => {
    const created = await run(
      process.execPath,
      [program('create.ts', `${example('create')}\nconsole.log(webhook.id);`)],
      { env: environment },
    );
    const [secret = '', id = ''] = created.stdout.split('\n');

    receiver = spawn(process.execPath, [program('receive.ts', example('receive'))], {
      env: { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) },
    });
    receiver.stdout?.on('data', (text: Buffer) => (received += text.toString('utf8')));
    await until(
      () =>
        fetch(`http://localhost:${port}/`).then(
          ({ status }) => (status === 400 ? true : undefined),
          () => undefined,
        ),
      'A receiver that refuses what is not signed',
    );

    await owner.post('/tasks', { title: 'Call the printer' });
    await until(() => (received.includes('task.created') ? true : undefined), 'The event of a task');
    expect(received).toMatch(/^task\.created .* created the task Call the printer\n$/);

    const [start = ''] = /[\s\S]*?apiKey.*\n/.exec(example('create')) ?? [];
    const rest = `${start}const webhook = await tenon.webhooks.get({ id: '${id}' });\n${example('look')}${example('rotate')}`;
    const looked = await run(process.execPath, [program('look.ts', rest)], { env: environment });
    expect(looked.stdout).toMatch(/^(pending|delivered) /);
    expect(looked.stdout).toMatch(/\nwhsec_.{44}\n$/);
    await until(() => (received.includes('webhook.pinged') ? true : undefined), 'The event of a ping');
  });
});
