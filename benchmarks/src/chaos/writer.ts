import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Person } from '../scene.ts';
import type { Fleet } from './fleet.ts';
import { between, oneOf } from './random.ts';

/** How long a writer tries to get an answer, in milliseconds. */
const patienceMs = 120_000;
const pauseSeconds = [0.05, 0.25] as const;
/** How often something is created, and not changed. */
const createShare = 0.7;
/** How often a client does not wait for the answer and sends the request again, and after how many milliseconds. */
const lostShare = 0.05;
const lostMs = [2, 30] as const;
const longestMs = 20_000;

/** What must be true about a task after the answers. */
interface PromisedTask {
  id: string;
  /** The key of the request that created it. */
  title: string;
  /** The key of the last request that changed it. */
  description: string | null;
  /** How often it was written. */
  version: number;
}

export interface Written {
  tasks: PromisedTask[];
  acknowledged: number;
  /** How many requests were sent again. */
  retries: number;
  /** What no request should be answered. */
  refusals: string[];
}

interface WriterParts {
  person: Person;
  assigneeIds: readonly string[];
  fleet: Fleet;
  written: Written;
  signal: AbortSignal;
}

/** Sends a request with one Idempotency-Key until it is answered. Answers null when it is refused. */
async function send(
  { person, fleet, written }: WriterParts,
  method: string,
  path: string,
  body: object,
  key: string,
): Promise<{ id: string } | null> {
  const headers = {
    authorization: `Bearer ${person.token}`,
    'content-type': 'application/json',
    'idempotency-key': key,
  };
  for (const began = performance.now(); ; written.retries++) {
    const signal = AbortSignal.timeout(Math.random() < lostShare ? Math.round(between(lostMs)) : longestMs);
    const answer = await fetch(`${fleet.anyUrl()}/api/v1${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
      signal,
    })
      .then(async (response) => ({ status: response.status, text: await response.text() }))
      .catch((error: unknown) => ({ status: 0, text: String(error) }));
    if (answer.status === 200 || answer.status === 201) return JSON.parse(answer.text) as { id: string };
    const mayRetry = [0, 503].includes(answer.status) || answer.text.includes('"idempotency_in_progress"');
    if (!mayRetry || performance.now() - began > patienceMs) {
      written.refusals.push(`${method} ${path}: ${answer.status} ${answer.text}`);
      return null;
    }
    await delay(between([100, 500]));
  }
}

/** Creates and changes tasks until the signal is aborted. It then still waits for its last answer. */
export async function write(parts: WriterParts): Promise<void> {
  const { signal, written, assigneeIds } = parts;
  const own: PromisedTask[] = [];
  while (!signal.aborted) {
    const key = randomUUID();
    const task = Math.random() < createShare ? undefined : own.at(Math.floor(Math.random() * own.length));
    const answer = task
      ? await send(parts, 'PATCH', `/tasks/${task.id}`, { description: key }, key)
      : await send(parts, 'POST', '/tasks', { title: key, assigneeIds: [oneOf(assigneeIds)] }, key);
    if (answer) written.acknowledged++;
    if (answer && task) Object.assign(task, { description: key, version: task.version + 1 });
    if (answer && !task) own.push({ id: answer.id, title: key, description: null, version: 1 });
    await delay(between(pauseSeconds) * 1000);
  }
  written.tasks.push(...own);
}
