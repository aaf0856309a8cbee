import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Databases } from './databases.ts';
import { openRows } from './rows.ts';
import { type Person, readScene } from './scene.ts';
import { files } from './servers.ts';
import { signInAt, startTenon } from './tenon-servers.ts';

/** What is measured: so many readers, and so many events a second in all organizations together. */
const subscribers = 500;
const eventsPerSecond = 200;
const warmSeconds = 3;

/** Milliseconds. */
interface Latency {
  p50: number;
  p99: number;
}

export interface StreamFigures {
  subscribers: number;
  events: number;
  received: number;
  /** From the answer to a change, which follows its commit, to the arrival of the event at a client. 0 when the event came first. */
  afterAnswer: Latency;
  /** From the request of a change to its arrival at a client. */
  fromRequest: Latency;
  /** How late the event loop of an idle process is on this machine. */
  idleLoop: Latency;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Opens a stream, and hands over the number of each change that arrives. */
function subscribe(
  url: string,
  token: string,
  agent: Agent,
  onChange: (count: number) => void,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const sent = request(`${url}/api/v1/events/stream?types=task.updated`, { agent, headers }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`A stream was answered ${response.statusCode}.`));
      let rest = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const parts = (rest + chunk).split('\n\n');
        rest = parts.pop() ?? '';
        for (const part of parts) {
          if (part.includes('event: ready')) resolve(response);
          const count = /"data":\{"title":"Change (\d+)"/.exec(part)?.[1];
          if (count !== undefined) onChange(Number(count));
        }
      });
    });
    sent.on('error', reject).end();
  });
}

async function change(url: string, agent: Agent, { token }: Person, taskId: string, count: number): Promise<void> {
  const body = JSON.stringify({ title: `Change ${count}` });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const sent = request(`${url}/api/v1/tasks/${taskId}`, { method: 'PATCH', agent, headers });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 200) throw new Error(`A change was answered ${response.statusCode}.`);
}

/** Measures how late events reach 500 readers in all organizations, while 200 tasks a second are changed. */
export async function measureStreams(databases: Databases, seconds: number): Promise<StreamFigures> {
  const tenon = await startTenon(databases);
  const rows = await openRows(databases.ownerUrl);
  const idle = spawn(process.execPath, [files.idleLoop], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  idle.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  try {
    const organizations = await readScene(rows, signInAt(tenon.url, databases.password));
    const readers = new Agent({ maxSockets: Infinity });
    const writers = new Agent({ keepAlive: true, maxSockets: 16 });
    const requested: number[] = [];
    const answered: number[] = [];
    const arrivals: { count: number; at: number }[] = [];
    const open: IncomingMessage[] = [];
    const each = Math.ceil(subscribers / organizations.length);
    for (const { people } of organizations)
      open.push(
        ...(await Promise.all(
          Array.from({ length: each }, (_, index) => {
            const person = people[index % people.length];
            if (!person) throw new Error('An organization has nobody.');
            return subscribe(tenon.url, person.token, readers, (count) =>
              arrivals.push({ count, at: performance.now() }),
            );
          }),
        )),
      );
    let count = 0;
    const running = new Set<Promise<void>>();
    const began = performance.now();
    const total = (warmSeconds + seconds) * eventsPerSecond;
    while (count < total) {
      // Changes begin at their times, however long those before them take.
      const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * eventsPerSecond));
      for (; count < due; count++) {
        const organization = organizations[count % organizations.length];
        const person = organization?.people[count % (organization.people.length || 1)];
        const taskId =
          organization?.taskIds[Math.floor(count / organizations.length) % (organization.taskIds.length || 1)];
        if (!person || taskId === undefined) throw new Error('An organization has nobody, or no task.');
        const number = count;
        requested[number] = performance.now();
        const sent = change(tenon.url, writers, person, taskId, number).then(() => {
          answered[number] = performance.now();
          running.delete(sent);
        });
        running.add(sent);
      }
      await delay(2);
    }
    await Promise.all(running);
    await delay(500);
    for (const response of open) response.destroy();
    writers.destroy();
    const measured = arrivals.filter(({ count: number }) => number >= warmSeconds * eventsPerSecond);
    const latencyFrom = (begun: readonly number[]): Latency => {
      const sorted = measured.map(({ count: number, at }) => Math.max(0, at - (begun[number] ?? at)));
      sorted.sort((one, other) => one - other);
      return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
    };
    idle.kill('SIGTERM');
    await once(idle, 'close');
    return {
      subscribers: open.length,
      events: total - warmSeconds * eventsPerSecond,
      received: measured.length,
      afterAnswer: latencyFrom(answered),
      fromRequest: latencyFrom(requested),
      idleLoop: JSON.parse(printed) as Latency,
    };
  } finally {
    idle.kill('SIGKILL');
    await rows.close();
    await tenon.stop();
  }
}

const shown = (value: number): string => value.toFixed(1);

const both = ({ p50, p99 }: Latency): string => `p50 ${shown(p50)} ms, p99 ${shown(p99)} ms`;

/** The figures of one database, in a line. */
export const streamLine = (dialect: string, figures: StreamFigures): string =>
  [
    `${dialect}: ${figures.events} events to ${figures.subscribers} readers, ${figures.received} received`,
    `from the answer to the client ${both(figures.afterAnswer)}`,
    `from the request ${both(figures.fromRequest)}`,
    `idle event loop late by ${both(figures.idleLoop)}`,
  ].join('; ');
