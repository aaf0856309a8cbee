import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestRuntime, thrownBy } from '../testing/world.ts';
import { type Reconnect, subscribe, type TenonEvent } from './events.ts';
import { memorySession } from './index.ts';
import { connect } from './tenon.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** How the server answers the next streams. */
const answers: Answer[] = [];
const requests: IncomingMessage[] = [];
let server: Server;
let baseUrl: string;
let runtime: TestRuntime;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url?.endsWith('/auth/refresh')) {
      response.setHeader('content-type', 'application/json');
      return void response.end(JSON.stringify({ accessToken: 'new', expiresIn: 1200, refreshToken: 'next' }));
    }
    requests.push(request);
    const answer = answers.shift();
    if (answer) answer(request, response);
    else response.writeHead(403, { 'content-type': 'application/problem+json' }).end(problem('permission_denied'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  baseUrl = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
afterAll(() => server.close());
beforeEach(() => {
  answers.length = requests.length = 0;
  runtime = new TestRuntime();
});

const problem = (code: string) => JSON.stringify({ code, detail: 'No.', status: 400 });

const ready = (sequence: number) => `id: ${sequence}\nevent: ready\ndata: {"sequence":${sequence}}\n\n`;
const created = (sequence: number) =>
  `id: ${sequence}\nevent: task.created\ndata: ${JSON.stringify({ type: 'task.created', sequence })}\n\n`;
const closed = (code: string, resumable: boolean) =>
  `event: closed\ndata: ${JSON.stringify({ code, detail: 'Bye.', resumable })}\n\n`;

/** Answers a stream with some text, and ends it. */
const streaming =
  (...text: string[]): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(text.join(''));
  };
const refusing =
  (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(problem(code));

const tenon = () => connect({ baseUrl, apiKey: 'sk_x', organization: 'acme' }, runtime);

/** Reads some events, and leaves. */
async function take(count: number, events: AsyncIterable<TenonEvent>): Promise<number[]> {
  const sequences: number[] = [];
  for await (const { sequence } of events) {
    sequences.push(sequence);
    if (sequences.length === count) break;
  }
  return sequences;
}

describe('a subscription', () => {
  it('sends its filters, and who reads', async () => {
    answers.push(streaming(ready(4), created(5)));
    const begun: number[] = [];
    const events = subscribe(tenon(), { types: ['task.*', 'tag.*'], after: 4 }, { onReady: (at) => begun.push(at) });
    expect(await take(1, events)).toEqual([5]);
    expect(begun).toEqual([4]);
    expect(requests[0]?.url).toBe('/api/v1/events/stream?types=task.*&types=tag.*&after=4');
    expect(requests[0]?.headers).toMatchObject({
      authorization: 'Bearer sk_x',
      'x-organization-id': 'acme',
      accept: 'text/event-stream',
    });
    expect(requests[0]?.headers).not.toHaveProperty('last-event-id');
  });

  it('comes back after the last event, waits longer each time, and says so', async () => {
    answers.push(
      streaming('retry: 2000\n', ready(4), created(5), ':\nid: 8\n\n'),
      (_request, response) => void response.destroy(),
      refusing(503, 'server_stopping', { 'retry-after': '7' }),
      streaming(ready(8), created(9)),
    );
    const told: Reconnect[] = [];
    expect(await take(2, subscribe(tenon(), {}, { onReconnect: (one) => told.push(one) }))).toEqual([5, 9]);
    expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '8', '8', '8']);
    expect(told.map(({ attempt, delayMs, sequence }) => [attempt, delayMs, sequence])).toEqual([
      [1, 2000, 8],
      [2, 4000, 8],
      [3, 8000, 8],
    ]);
    expect(told.map(({ error }) => error.code)).toEqual(['connection_failed', 'connection_failed', 'server_stopping']);
    expect(runtime.slept).toEqual([2000, 4000, 8000]);
  });

  it('comes back when the server asks it to', async () => {
    answers.push(streaming(ready(1), closed('stream_too_slow', true)), streaming(ready(1), created(2)));
    const told: Reconnect[] = [];
    expect(await take(1, subscribe(tenon(), {}, { onReconnect: (one) => told.push(one) }))).toEqual([2]);
    expect(told).toMatchObject([{ attempt: 1, error: { code: 'stream_too_slow' } }]);
  });

  it.each([
    [400, 'validation_failed'],
    [403, 'permission_denied'],
    [404, 'organization_not_found'],
  ])('gives up when it is answered %i', async (status, code) => {
    answers.push(refusing(status, code));
    expect(await thrownBy(take(1, subscribe(tenon())))).toMatchObject({
      name: expect.stringMatching(/Error$/),
      status,
      code,
    });
    expect(runtime.slept).toEqual([]);
  });

  it('asks once more at once when it was ended for good, and then gives up', async () => {
    answers.push(streaming(ready(1), closed('permission_denied', false)));
    expect(await thrownBy(take(1, subscribe(tenon())))).toMatchObject({ status: 403, code: 'permission_denied' });
    expect(runtime.slept).toEqual([0]);
  });

  it('renews the access token that has expired', async () => {
    const tokens = { accessToken: 'old', expiresAt: runtime.now() + 600_000, refreshToken: 'kept' };
    const person = connect({ baseUrl, session: memorySession(tokens), tokenTransport: 'body' }, runtime);
    answers.push(
      streaming(ready(1), closed('unauthenticated', false)),
      refusing(401, 'unauthenticated'),
      streaming(ready(1), created(2)),
    );
    expect(await take(1, subscribe(person))).toEqual([2]);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer old', 'Bearer new']);
  });

  it('hands over what is hidden, and notifications, apart from events', async () => {
    const notification = 'event: notification\ndata: {"id":"1"}\n\n';
    const hidden = { sequence: 2, entity: { type: 'task', id: '7' } };
    const hiding = `id: 2\nevent: entity.hidden\ndata: ${JSON.stringify(hidden)}\n\n`;
    answers.push(streaming(ready(1), notification, hiding, created(3)));
    const told: unknown[] = [];
    const tell = (one: unknown) => told.push(one);
    expect(await take(1, subscribe(tenon(), {}, { onNotification: tell, onHidden: tell }))).toEqual([3]);
    expect(told).toEqual([{ id: '1' }, hidden]);
  });

  it('leaves when the loop does, or its signal says so', async () => {
    const gone: boolean[] = [];
    const open: Answer = (_request, response) => {
      response.on('close', () => gone.push(true));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(ready(1) + created(2));
    };
    answers.push(open, open);
    expect(await take(1, subscribe(tenon()))).toEqual([2]);
    await expect.poll(() => gone.length).toBe(1);

    const abort = new AbortController();
    const reason = new Error('enough');
    const reading = take(2, subscribe(tenon(), {}, { signal: abort.signal, onReady: () => abort.abort(reason) }));
    expect(await thrownBy(reading)).toBe(reason);
    await expect.poll(() => gone.length).toBe(2);
  });

  it('takes only a client of its own', async () => {
    expect(await thrownBy(take(1, subscribe({} as ReturnType<typeof tenon>)))).toBeInstanceOf(TypeError);
  });
});
