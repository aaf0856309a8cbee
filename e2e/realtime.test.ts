import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caller, callerOf, registerOwner } from './support/api.ts';
import { type RunningTenon, startServer, temporaryDirectory } from './support/server.ts';

const root = join(import.meta.dirname, '..');
const guide = readFileSync(join(root, 'docs/guides/realtime.md'), 'utf8');

/** The code block of the guide that is marked with this word, with the address of the server under test. */
function example(mark: string, url: string): string {
  const code = new RegExp(`\`\`\`\\w+ ${mark}\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1];
  if (!code) throw new Error(`The guide has no example marked ${mark}.`);
  return code.replaceAll('localhost:8000', new URL(url).host);
}

describe('the guide to real time', () => {
  const data = temporaryDirectory();
  // Scripts in the folder of a package can import the package by its name.
  const below = mkdtempSync(join(root, 'packages/sdk/.realtime-'));
  let server: RunningTenon;
  let owner: Caller;
  let token: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    server = await startServer({ DATA_DIR: data.path });
    ({ token } = await registerOwner(server.url));
    owner = callerOf(server.url, token);
    const key = await owner.post<{ secret: string }>('/api-keys', { name: 'Reader', scopes: ['event:read'] });
    env = { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, TENON_API_KEY: key.secret };
  });
  afterAll(async () => {
    await server.kill('SIGTERM');
    data.remove();
    rmSync(below, { recursive: true });
  });

  /** Starts a program, and collects what it prints. */
  function start(command: string, ...args: string[]) {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => {
      child.on('close', resolve);
    });
    const printed = { text: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (printed.text += chunk));
    const expectPrinted = (text: string) => expect.poll(() => printed.text, { timeout: 15_000 }).toContain(text);
    return { child, ended, expectPrinted };
  }

  it('reads events with the SDK, until the loop is left', async () => {
    const file = join(below, 'subscribe.ts');
    writeFileSync(file, example('subscribe', server.url));
    const program = start(process.execPath, file);
    await program.expectPrinted('ready');
    const task = await owner.post<{ id: string }>('/tasks', { title: 'Call the printer' });
    await program.expectPrinted('created the task Call the printer');
    const headers = { authorization: `Bearer ${token}` };
    await fetch(`${server.url}/api/v1/tasks/${task.id}`, { method: 'DELETE', headers });
    await program.expectPrinted('to the trash');
    expect(await program.ended).toBe(0);
  });

  it('reads them with tRPC over WebSocket, until it unsubscribes', async () => {
    const file = join(below, 'websocket.ts');
    writeFileSync(file, example('websocket', server.url));
    const program = start(process.execPath, file);
    await program.expectPrinted('ready');
    const task = await owner.post<{ id: string }>('/tasks', { title: 'Call by socket' });
    await program.expectPrinted('created the task Call by socket');
    const headers = { authorization: `Bearer ${token}` };
    await fetch(`${server.url}/api/v1/tasks/${task.id}`, { method: 'DELETE', headers });
    expect(await program.ended).toBe(0);
  });

  it('reads them with curl', async () => {
    const program = start('bash', '-c', example('stream', server.url));
    await program.expectPrinted('event: ready');
    await program.expectPrinted('event: task.created');
    await owner.post('/tasks', { title: 'Call again' });
    await program.expectPrinted('Call again');
    expect(program.child.exitCode).toBeNull();
    program.child.kill();
    await program.ended;
  });

  it('ends its streams when the server stops, and exits soon', async () => {
    const program = start('bash', '-c', example('stream', server.url));
    await program.expectPrinted('event: ready');
    const began = performance.now();
    await server.kill('SIGTERM');
    await program.expectPrinted('"code":"server_stopping"');
    await program.ended;
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
