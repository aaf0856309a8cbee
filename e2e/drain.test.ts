import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../packages/core/src/testing/index.ts';
import { callerOf, type Page, registerOwner } from './support/api.ts';
import { type Balancer, startBalancer } from './support/balancer.ts';
import { type RunningTenon, startServer, temporaryDirectory } from './support/server.ts';

const clients = 8;
/** How often the balancer asks each server whether it is ready, in milliseconds. */
const askEveryMs = 250;

let database: TestDatabase;
let directory: ReturnType<typeof temporaryDirectory>;
let balancer: Balancer;
let servers: RunningTenon[];

beforeAll(async () => {
  directory = temporaryDirectory();
  database = await createTestDatabase('postgresql');
  // Both take their secrets from DATA_DIR, and access tokens name the address of the installation.
  const variables = { DATA_DIR: directory.path, DATABASE_URL: database.url, PUBLIC_URL: 'http://localhost:8000' };
  servers = await Promise.all([1, 2].map(() => startServer({ ...variables, DRAIN_SECONDS: '2' })));
  balancer = await startBalancer(servers.map(({ url }) => url));
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill('SIGKILL')));
  await balancer.stop();
  await database.drop();
  directory.remove();
});

/** Sends to the servers that are ready. */
async function watchReadiness(over: AbortSignal): Promise<void> {
  let used = servers.length;
  while (!over.aborted) {
    const ready = await Promise.all(
      servers.map(({ url }) =>
        fetch(`${url}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      ),
    );
    const urls = servers.filter((_, index) => ready[index]).map(({ url }) => url);
    if (urls.length !== used) balancer.use(urls);
    used = urls.length;
    await delay(askEveryMs);
  }
}

/** Answers the status, or what went wrong. Each request has a connection of its own, which could be refused. */
function post(path: string, token: string, body: object): Promise<number | string> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return new Promise((resolve) => {
    request(`${balancer.url}/api/v1${path}`, { method: 'POST', headers, agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    })
      .once('error', (error) => resolve(error.message))
      .end(JSON.stringify(body));
  });
}

it('a server behind a round robin stops under load without a refused request', { timeout: 60_000 }, async () => {
  const { token } = await registerOwner(balancer.url);
  const over = new AbortController();
  const watching = watchReadiness(over.signal);
  const answers: (number | string)[] = [];
  const client = async () => {
    while (!over.signal.aborted) {
      answers.push(await post('/tasks', token, { title: `Task ${answers.length}` }));
      // Two cores serve the clients, the balancer, the servers and PostgreSQL.
      await delay(10);
    }
  };
  const load = Array.from({ length: clients }, client);
  await delay(500);
  const [leaving, staying] = servers;
  const before = answers.length;
  leaving?.process.kill('SIGTERM');
  expect(await leaving?.ended).toEqual({ code: 0, signal: null });
  const during = answers.length;
  await delay(500);
  over.abort();
  await Promise.all([...load, watching]);

  expect([balancer.name, answers.filter((answer) => answer !== 201)]).toEqual([balancer.name, []]);
  // It was under load before, while and after the server stopped.
  expect(Math.min(before, during - before, answers.length - during)).toBeGreaterThan(clients);
  for (const server of servers)
    expect(server.log.filter(({ path }) => path === '/api/v1/tasks').length).toBeGreaterThan(clients);
  const { total } = await callerOf(staying?.url ?? '', token).get<Page>('/tasks?limit=1&total=true');
  expect(total).toBe(answers.length);
});
