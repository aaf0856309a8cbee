import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { errors, type EventStream, type Frame, liveErrors, StreamFrame, SubscribeInput } from '@tenon/core';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeAll, afterAll, describe, expect, it, vi } from 'vitest';
import { calls, fixtureServer } from '../testing/fixture.ts';
import { TestSocket } from '../testing/socket.ts';
import { heading, router } from '../trpc.ts';

/** A stream whose frames a test gives, and what was asked of it. */
class FakeStream implements EventStream {
  readonly position = 0;
  readonly #abort = new AbortController();
  readonly ended = this.#abort.signal;
  readonly input: SubscribeInput;
  /** How many frames were taken. */
  taken = 0;
  isClosed = false;
  #frames: Frame[] = [];
  #wake: (() => void) | null = null;

  constructor(input: SubscribeInput) {
    this.input = input;
  }

  push(...frames: Frame[]): void {
    this.#frames.push(...frames);
    this.#wake?.();
  }

  end(error: Extract<Frame, { kind: 'closed' }>['error'], resumable: boolean): void {
    this.#frames = [{ kind: 'closed', error, resumable }];
    this.#abort.abort();
    this.#wake?.();
  }

  close(): void {
    this.isClosed = true;
    this.#frames = [];
    this.#abort.abort();
    this.#wake?.();
  }

  async next(): Promise<Frame | null> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame) {
        this.taken += 1;
        return frame;
      }
      if (this.ended.aborted) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const streams: FakeStream[] = [];
const opened: TestSocket[] = [];
/** What the next streams wait for before they begin. */
let gate: Promise<void> | null = null;

const { stream, query } = heading({ name: 'Fakes', description: 'Streams without events.' });
const fakes = router({
  fakes: router({
    subscribe: stream({
      rest: 'GET /fakes/stream',
      access: 'task:read',
      summary: 'Stream',
      input: SubscribeInput,
      output: StreamFrame,
      events: {},
      problems: [liveErrors.server_stopping],
      run: async (_ctx, input) => {
        await gate;
        if (input.after === 500) throw new Error('Broken.');
        if (input.after === 503) throw liveErrors.server_stopping();
        const made = new FakeStream(input);
        streams.push(made);
        return made;
      },
    }),
    list: query({ rest: 'GET /fakes', access: 'task:read', summary: 'List', run: async () => void calls.length }),
  }),
});

const ready = (sequence: number): Frame => ({ kind: 'ready', sequence });
const hidden = (sequence: number): Frame => ({
  kind: 'hidden',
  sequence,
  entity: { type: 'task', id: '01890a5d-ac96-774b-bcce-b302099a8057' },
});

let app: FastifyInstance;
let url: string;
const serve = async (): Promise<[FastifyInstance, string]> => {
  const server = fixtureServer({ router: fakes, trustedOrigins: ['https://app.example.com'] });
  return [server, await server.listen({ port: 0, host: '127.0.0.1' })];
};
beforeAll(async () => {
  [app, url] = await serve();
});
afterEach(() => {
  vi.useRealTimers();
  gate = null;
  for (const { socket } of opened.splice(0)) socket.terminate();
  streams.splice(0);
});
afterAll(() => app.close());

const open = async (token: string | null = 'owner', headers: Readonly<Record<string, string>> = {}, at = url) => {
  const socket = await TestSocket.open(at, token === null ? null : { Authorization: `Bearer ${token}` }, headers);
  opened.push(socket);
  return socket;
};

/** Opens a socket with one subscription, which has begun. */
const subscribed = async (at = url): Promise<[TestSocket, FakeStream]> => {
  const socket = await open('owner', {}, at);
  socket.subscribe(1, 'fakes.subscribe');
  await socket.first(1, ({ result }) => result?.type === 'started');
  const made = streams.at(-1);
  if (!made) throw new Error('No stream has begun.');
  return [socket, made];
};

/** Waits until the server has answered everything that it was sent before. */
const settled = async (socket: TestSocket): Promise<void> => {
  const { length } = socket.words;
  socket.send('PING');
  await socket.until(({ words }) => words.length > length);
};

/** Stops the timers of this process, after a socket has been opened. */
const stopClock = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });

describe('a request for a socket', () => {
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const send = async (path: string, headers: Readonly<Record<string, string>>) => {
    const sent = httpRequest(url + path, { headers });
    sent.end();
    const event = await Promise.race([
      once(sent, 'response').then(([response]) => response),
      once(sent, 'upgrade').then(([response]) => response),
    ]);
    let body = '';
    if (event.statusCode !== 101) for await (const chunk of event) body += chunk;
    sent.destroy();
    return { status: event.statusCode, headers: event.headers, code: body && JSON.parse(body).code };
  };

  it('is needed', async () => {
    const answer = await send('/trpc', {});
    expect(answer).toMatchObject({ status: 426, code: 'upgrade_required', headers: { upgrade: 'websocket' } });
  });

  it('is answered over HTTP at every other path', async () => {
    expect(await send('/api/v1/elsewhere', handshake)).toMatchObject({ status: 404, code: 'route_not_found' });
    const other = await send('/api/v1/fakes', { ...handshake, upgrade: 'h2c', authorization: 'Bearer owner' });
    expect(other.status).toBe(204);
  });

  it('has all that the protocol requires', async () => {
    const { 'sec-websocket-key': _key, ...rest } = handshake;
    expect(await send('/trpc', rest)).toMatchObject({ status: 400, code: 'bad_request' });
    const old = await send('/trpc', { ...handshake, 'sec-websocket-version': '7' });
    expect(old).toMatchObject({ status: 400, headers: { 'sec-websocket-version': '13' } });
  });

  it('comes from no page, from a page of the server, or from one that is trusted', async () => {
    expect((await send('/trpc', handshake)).status).toBe(101);
    for (const origin of [url, 'http://localhost:8000', 'https://app.example.com'])
      expect((await send('/trpc', { ...handshake, origin })).status).toBe(101);
    for (const origin of ['https://evil.example.com', 'null', '', `${url}.evil.example.com`])
      expect(await send('/trpc', { ...handshake, origin })).toMatchObject({ status: 403, code: 'origin_not_allowed' });
  });
});

describe('a subscription', () => {
  it('says that it has started, sends each frame with its place, and says that it has stopped', async () => {
    const [socket, made] = await subscribed();
    const notification = { kind: 'notification', notification: { id: 'n' } } as unknown as Frame;
    made.push(ready(4), hidden(6));
    await socket.until(({ messages }) => messages.length === 3);
    expect(socket.messages).toEqual([
      { id: 1, result: { type: 'started' } },
      { id: 1, result: { type: 'data', id: '4', data: { id: '4', data: ready(4) } } },
      { id: 1, result: { type: 'data', id: '6', data: { id: '6', data: hidden(6) } } },
    ]);
    socket.send({ id: 1, method: 'subscription.stop' });
    await socket.first(1, ({ result }) => result?.type === 'stopped');
    expect(made.isClosed).toBe(true);
    made.push(notification);
    await settled(socket);
    expect(socket.messages).toHaveLength(4);
  });

  it('goes on after the last id, which wins over the input', async () => {
    const socket = await open();
    socket.send([
      { id: 1, method: 'subscription', params: { path: 'fakes.subscribe', lastEventId: '7' } },
      { id: 2, method: 'subscription', params: { path: 'fakes.subscribe', input: { after: 1 }, lastEventId: '8' } },
    ]);
    await socket.until(() => streams.length === 2);
    expect(streams.map(({ input }) => input)).toEqual([{ lastEventId: '7' }, { after: 1, lastEventId: '8' }]);
  });

  it('takes the headers of the request when there are no parameters', async () => {
    const socket = await open(null, { authorization: 'Bearer owner' });
    socket.subscribe(1, 'fakes.subscribe');
    const { result } = await socket.first(1, () => true);
    expect(result).toEqual({ type: 'started' });
  });

  it('that is stopped before it has begun is closed', async () => {
    let openGate = () => {};
    gate = new Promise((resolve) => {
      openGate = resolve;
    });
    const socket = await open();
    socket.subscribe(1, 'fakes.subscribe');
    socket.send({ id: 1, method: 'subscription.stop' });
    await settled(socket);
    openGate();
    await socket.first(1, ({ result }) => result?.type === 'stopped');
    expect(streams[0]?.isClosed).toBe(true);
  });

  it('is checked as every operation', async () => {
    const refusals = async (token: string, more: object = {}, input?: unknown) => {
      const socket = await TestSocket.open(url, { authorization: `Bearer ${token}`, ...more });
      opened.push(socket);
      socket.subscribe(1, 'fakes.subscribe', input);
      return socket.refusal(1);
    };
    expect(await refusals('nobody')).toEqual([401, 'unauthenticated']);
    expect(await refusals('stranger')).toEqual([403, 'no_organization']);
    expect(await refusals('many')).toEqual([400, 'organization_required']);
    expect(await refusals('owner', { 'X-Organization-Id': 'elsewhere' })).toEqual([404, 'organization_not_found']);
    expect(await refusals('owner', { 'x-organization-id': ' ' })).toEqual([400, 'validation_failed']);
    for (const input of [{ after: -1 }, { unknown: 1 }, 'text', [], { entityId: '\u0000' }])
      expect(await refusals('owner', {}, input)).toEqual([400, 'validation_failed']);
  });

  it('without a credential is refused, and so is the socket: another one may bring a better', async () => {
    const socket = await open('nobody');
    socket.subscribe(1, 'fakes.subscribe');
    expect(await socket.end()).toEqual({ code: 4401, reason: 'unauthenticated' });
    expect(await socket.refusal(1)).toEqual([401, 'unauthenticated']);
    expect(await socket.refusal(null)).toEqual([401, 'unauthenticated']);
  });

  it('that cannot begin at this server begins at another one', async () => {
    const socket = await open();
    socket.subscribe(1, 'fakes.subscribe', { after: 503 });
    expect((await socket.end()).code).toBe(4503);
    expect(socket.results(1)).toEqual([]);
  });

  it('that is broken has an error without details', async () => {
    const socket = await open();
    socket.subscribe(1, 'fakes.subscribe', { after: 500 });
    expect(await socket.refusal(1)).toEqual([500, 'internal']);
    expect(JSON.stringify(socket.messages)).not.toContain('Broken');
    await settled(socket);
  });

  it('whose reader may not read any more ends with the reason, and the others go on', async () => {
    const [socket, made] = await subscribed();
    socket.subscribe(2, 'fakes.subscribe');
    await socket.first(2, ({ result }) => result?.type === 'started');
    made.end(errors.permission_denied(), false);
    expect(await socket.refusal(1)).toEqual([403, 'permission_denied']);
    streams[1]?.push(ready(3));
    await socket.first(2, ({ result }) => result?.id === '3');
    expect(socket.results(1)).toEqual(['started', undefined]);
  });

  it.each([
    ['whose reader is too slow', liveErrors.stream_too_slow(), true, 4503, 'stream_too_slow'],
    ['whose server stops', liveErrors.server_stopping(), true, 4503, 'server_stopping'],
    ['whose access token has expired', errors.unauthenticated(), false, 4401, 'unauthenticated'],
  ])('%s is not told to have stopped: the socket is closed', async (_case, error, resumable, code, reason) => {
    const [socket, made] = await subscribed();
    socket.subscribe(2, 'fakes.subscribe');
    await socket.first(2, ({ result }) => result?.type === 'started');
    made.end(error, resumable);
    expect(await socket.end()).toEqual({ code, reason });
    expect(await socket.refusal(null)).toEqual([code - 4000, reason]);
    expect([...socket.results(1), ...socket.results(2)]).toEqual(['started', 'started']);
    await expect.poll(() => streams.map(({ isClosed }) => isClosed)).toEqual([true, true]);
  });

  it('ends when its socket does', async () => {
    const [socket, made] = await subscribed();
    socket.socket.close();
    await expect.poll(() => made.isClosed).toBe(true);
  });
});

describe('a wrong message', () => {
  it.each([
    ['that is no JSON', '{', null, [400, 'validation_failed']],
    ['that is no object', '5', null, [400, 'validation_failed']],
    ['that is null', 'null', null, [400, 'validation_failed']],
    ['without a method', { id: 3 }, 3, [400, 'validation_failed']],
    ['of an unknown method', { id: 3, method: 'constructor', params: { path: 'x' } }, 3, [400, 'validation_failed']],
    ['without parameters', { id: 3, method: 'subscription' }, 3, [400, 'validation_failed']],
    ['without a path', { id: 3, method: 'subscription', params: {} }, 3, [400, 'validation_failed']],
    [
      'without an id',
      { method: 'subscription', params: { path: 'fakes.subscribe' } },
      null,
      [400, 'validation_failed'],
    ],
    ['with a long id', { id: 'x'.repeat(65), method: 'subscription.stop' }, null, [400, 'validation_failed']],
    ['with an id that is null', { id: null, method: 'subscription.stop' }, null, [400, 'validation_failed']],
    ['of a large batch', Array.from({ length: 101 }, () => 1), null, [400, 'validation_failed']],
    ['in a batch', [{ id: 3 }], 3, [400, 'validation_failed']],
    [
      'whose last id is no text',
      { id: 3, method: 'subscription', params: { path: 'fakes.subscribe', lastEventId: 5 } },
      3,
      [400, 'validation_failed'],
    ],
    [
      'with a member that occurs twice',
      '{"id":3,"method":"subscription","params":{"path":"fakes.subscribe","input":{"after":1,"after":2}}}',
      3,
      [400, 'validation_failed'],
    ],
    ['to nothing', { id: 3, method: 'subscription', params: { path: '__proto__' } }, 3, [404, 'procedure_not_found']],
    ['that is a query', { id: 3, method: 'query', params: { path: 'fakes.list' } }, 3, [405, 'subscriptions_only']],
    [
      'that is a mutation',
      { id: 3, method: 'mutation', params: { path: 'fakes.list' } },
      3,
      [405, 'subscriptions_only'],
    ],
    [
      'that subscribes to a query',
      { id: 3, method: 'subscription', params: { path: 'fakes.list' } },
      3,
      [405, 'subscriptions_only'],
    ],
  ])('%s has an error, and the socket goes on', async (_case, message, id, refusal) => {
    const socket = await open();
    socket.send(message);
    expect(await socket.refusal(id)).toEqual(refusal);
    await settled(socket);
    expect(streams).toHaveLength(0);
  });

  it('in bytes has an error, and one that is no text at all ends the socket', async () => {
    const socket = await open();
    socket.socket.send(Buffer.from('PING'));
    expect(await socket.refusal(null)).toEqual([400, 'validation_failed']);
    socket.socket.send(Buffer.from([0xff]), { binary: false });
    expect((await socket.end()).code).toBe(1007);
  });

  it('that is too large ends the socket', async () => {
    const [socket, made] = await subscribed();
    socket.send(' '.repeat(16 * 1024 + 1));
    expect((await socket.end()).code).toBe(1009);
    await expect.poll(() => made.isClosed).toBe(true);
  });

  it('instead of the parameters ends the socket', async () => {
    for (const message of [5, [], { method: 'subscription' }, { method: 'connectionParams', data: { a: 1 } }]) {
      const waiting = await announced();
      waiting.send(message);
      expect(await waiting.end()).toEqual({ code: 4400, reason: 'validation_failed' });
    }
  });
});

/** Opens a socket that says that parameters follow. */
async function announced(): Promise<TestSocket> {
  const socket = await TestSocket.open(url, 'later');
  opened.push(socket);
  return socket;
}

describe('a socket', () => {
  it('carries 20 subscriptions, each with an id of its own', async () => {
    const socket = await open();
    for (let id = 1; id <= 21; id += 1) socket.subscribe(id, 'fakes.subscribe');
    socket.subscribe(1, 'fakes.subscribe');
    expect(await socket.refusal(21)).toEqual([429, 'rate_limited']);
    expect(await socket.refusal(1)).toEqual([400, 'validation_failed']);
    expect(streams).toHaveLength(20);
    socket.send({ id: 5, method: 'subscription.stop' });
    await socket.first(5, ({ result }) => result?.type === 'stopped');
    socket.subscribe('again', 'fakes.subscribe');
    await socket.first('again', ({ result }) => result?.type === 'started');
  });

  it('answers pings of both kinds', async () => {
    const socket = await open();
    socket.send('PONG');
    socket.send('PING');
    socket.socket.ping();
    await socket.until(({ words }) => words.length === 2);
    expect(socket.words).toEqual(['PONG', 'pong']);
  });

  it('ends when the parameters, or the first subscription, do not come', async () => {
    stopClock();
    const waiting = await announced();
    const idle = await open();
    const [busy, made] = await subscribed();
    await settled(idle);
    vi.advanceTimersByTime(9999);
    await setImmediate();
    expect(waiting.closed).toBeNull();
    vi.advanceTimersByTime(1);
    expect(await waiting.end()).toEqual({ code: 4408, reason: 'request_timeout' });
    for (let seconds = 10; seconds < 60; seconds += 10) {
      await settled(busy);
      await settled(idle);
      vi.advanceTimersByTime(10_000);
    }
    expect(await idle.end()).toEqual({ code: 4408, reason: 'request_timeout' });
    expect([busy.closed, made.isClosed]).toEqual([null, false]);
  });

  it('that leaves two pings unanswered is cut off', async () => {
    stopClock();
    const [socket, made] = await subscribed();
    let pings = 0;
    socket.socket.on('ping', () => (pings += 1));
    vi.advanceTimersByTime(15_000);
    await expect.poll(() => pings).toBe(1);
    await settled(socket);
    // Nothing of what the client answers is read.
    socket.socket.pause();
    vi.advanceTimersByTime(45_000);
    await expect.poll(() => made.isClosed).toBe(true);
  });

  it('that sends and does not read is cut off', async () => {
    const [socket, made] = await subscribed();
    socket.socket.pause();
    for (let round = 0; round < 2000 && !made.isClosed; round += 1) {
      for (let count = 0; count < 1000; count += 1) socket.socket.send('{');
      await setImmediate();
    }
    expect(made.isClosed).toBe(true);
  });

  it('closes when its server does, and its client is told to come back', async () => {
    const [server, at] = await serve();
    const [socket, made] = await subscribed(at);
    const idle = await open('owner', {}, at);
    await settled(idle);
    const began = performance.now();
    const closing = server.close();
    expect(await socket.end()).toEqual({ code: 4503, reason: 'server_stopping' });
    expect(await idle.end()).toEqual({ code: 4503, reason: 'server_stopping' });
    await closing;
    expect(performance.now() - began).toBeLessThan(4000);
    expect(made.isClosed).toBe(true);
    expect(socket.results(1)).toEqual(['started']);
  });
});

describe('a slow reader', () => {
  const large = (sequence: number): Frame => ({
    kind: 'hidden',
    sequence,
    entity: { type: 'x'.repeat(100_000), id: '01890a5d-ac96-774b-bcce-b302099a8057' },
  });

  it('is not sent the next frame before the connection has taken the last one', async () => {
    const [socket, made] = await subscribed();
    socket.socket.pause();
    for (let sequence = 1; sequence <= 200; sequence += 1) made.push(large(sequence));
    let before = -1;
    await expect
      .poll(
        () => {
          const isSame = made.taken === before;
          before = made.taken;
          return isSame;
        },
        { interval: 200 },
      )
      .toBe(true);
    expect(made.taken).toBeLessThan(150);
    socket.socket.resume();
    await socket.first(1, ({ result }) => result?.id === '200');
    const ids = socket.messages.flatMap(({ result }) => (result?.type === 'data' ? [Number(result.id)] : []));
    expect(ids).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  it('who does not even take the last frame is cut off after 5 seconds', async () => {
    const [socket, made] = await subscribed();
    socket.socket.pause();
    for (let sequence = 1; sequence <= 200; sequence += 1) made.push(large(sequence));
    await expect.poll(() => made.taken).toBeGreaterThan(10);
    await new Promise((resolve) => setTimeout(resolve, 300));
    stopClock();
    made.end(liveErrors.stream_too_slow(), true);
    vi.advanceTimersByTime(4999);
    await setImmediate();
    expect(made.isClosed).toBe(false);
    vi.advanceTimersByTime(1);
    await expect.poll(() => made.isClosed).toBe(true);
  });
});
