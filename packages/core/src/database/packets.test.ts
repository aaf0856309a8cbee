import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7 } from '../kernel/ids.ts';
import { createOrganization, createTestPlatform, type TestOrganization, type TestPlatform } from '../testing/index.ts';
import { createPlatform, type Platform } from '../platform.ts';
import { createTask, updateTask } from '../work/index.ts';

/** Each packet wakes PostgreSQL, and the request waits for the answer. */
describe('packets to PostgreSQL', () => {
  let origin: TestPlatform;
  let platform: Platform;
  let proxy: Server;
  let acme: TestOrganization;
  const sockets = new Set<Socket>();
  let packets = 0;

  beforeAll(async () => {
    origin = await createTestPlatform('postgresql');
    const url = new URL(origin.settings.databaseUrl);
    const [host, port] = [url.hostname, Number(url.port)];
    proxy = createServer((client) => {
      const server = connect(port, host);
      server.setNoDelay(true);
      client.on('data', (data) => {
        packets++;
        server.write(data);
      });
      server.pipe(client);
      for (const [socket, other] of [[client, server] as const, [server, client] as const]) {
        sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => other.destroy());
      }
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    url.port = String(typeof address === 'object' && address ? address.port : 0);
    platform = await createPlatform({ ...origin.settings, databaseUrl: url.href, postgres: { poolSize: 2 } });
    acme = await createOrganization(platform);
  });
  afterAll(async () => {
    await platform.close();
    for (const socket of sockets) socket.destroy();
    proxy.close();
    await origin.dispose();
  });

  /** Runs work twice and counts the second time, because everything is cached then. */
  async function counted(work: () => Promise<unknown>): Promise<number> {
    await work();
    await new Promise((resolve) => setTimeout(resolve, 20));
    packets = 0;
    await work();
    return packets;
  }
  const key = () => ({ idempotencyKey: uuidv7() });

  it('are two for a new task: one for what it refers to, and one for its rows. An Idempotency-Key is one more', async () => {
    const input = { title: 'New', assigneeIds: [acme.owner.userId] };
    expect(await counted(() => createTask(acme.owner.ctx(), input))).toBe(2);
    expect(await counted(() => createTask(acme.owner.ctx({ ...key(), input }), input))).toBe(3);
  });

  it('are two for a changed task: one for its lock, and one for its rows with new search words', async () => {
    const { id } = await createTask(acme.owner.ctx(), { title: 'Changed' });
    let at = 0;
    expect(await counted(() => updateTask(acme.owner.ctx(), { id, title: `Changed ${++at}`, status: 'todo' }))).toBe(2);
    const statuses = ['in_progress', 'done'] as const;
    expect(await counted(() => updateTask(acme.owner.ctx(), { id, status: statuses[++at % 2] }))).toBe(2);
  });
});
