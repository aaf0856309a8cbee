import { TRPCClientError } from '@trpc/client';
import { beforeEach, describe, expect, test } from 'vitest';
import { TestRuntime, thrownBy } from '../testing/world.ts';
import { ConnectionError, NotFoundError, RateLimitedError } from './index.ts';
import { connect } from './tenon.ts';

/** A request that was sent, and its answer while it is made. */
class Exchange {
  readonly url: URL;
  readonly method: string | undefined;
  readonly headers: Headers;
  readonly signal: AbortSignal | null | undefined;
  readonly response: Promise<Response>;
  #respond: (response: Response) => void = () => {};
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;

  constructor(url: string, { method, headers, signal }: RequestInit) {
    this.url = new URL(url);
    this.method = method;
    this.headers = new Headers(headers);
    this.signal = signal;
    this.response = new Promise((resolve) => (this.#respond = resolve));
  }

  answer(status: number, body: unknown, headers: Record<string, string> = {}): void {
    this.#respond(Response.json(body, { status, headers }));
  }

  /** Sends a part of the answer to a batch. */
  async write(...parts: (string | Uint8Array)[]): Promise<void> {
    if (!this.#writer) {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      this.#writer = writable.getWriter();
      this.#respond(new Response(readable));
    }
    for (const part of parts)
      await this.#writer.write(typeof part === 'string' ? new TextEncoder().encode(part) : part);
  }

  async end(): Promise<void> {
    await this.#writer?.close();
  }

  async lose(): Promise<void> {
    await this.#writer?.abort(new Error('reset'));
  }
}

let exchanges: Exchange[];
let runtime: TestRuntime;
const client = (limit = 0) =>
  connect(
    {
      baseUrl: 'https://work.example.com',
      apiKey: 'sk_x',
      retry: { limit },
      timeoutMs: Infinity,
      fetch: (url, init) => {
        const exchange = new Exchange(url, init);
        exchanges.push(exchange);
        return exchange.response;
      },
    },
    runtime,
  );
beforeEach(() => {
  exchanges = [];
  runtime = new TestRuntime();
});

/** Waits until this many requests were sent. Returns the last. */
async function sent(count = 1): Promise<Exchange> {
  await expect.poll(() => exchanges.length).toBe(count);
  const exchange = exchanges.at(-1);
  if (!exchange) throw new Error('Nothing was sent.');
  return exchange;
}

const get = (id: string) => ({ id });
const line = (value: unknown) => `${JSON.stringify(value)}\n`;
/** The first line of the answer to so many calls, none of which is ready. */
const head = (count: number) =>
  line(Object.fromEntries(Array.from({ length: count }, (_, index) => [index, [[0], [null, 0, index]]])));
const problem = { code: 'task_not_found', status: 404, detail: 'No.', requestId: 'request-1' };
const shape = { message: 'No.', code: -32004, data: { code: 'NOT_FOUND', httpStatus: 404, problem } };

describe('queries of one tick', () => {
  test('resolve each as soon as its answer has arrived, in whichever pieces', async () => {
    const tenon = client();
    const [first, second, third] = [tenon.tasks.get(get('a')), tenon.tags.list(), tenon.tasks.get(get('c'))];
    const exchange = await sent();
    expect(exchange.method).toBe('GET');
    expect(exchange.url.pathname).toBe('/trpc/tasks.get,tags.list,tasks.get');
    expect(Object.fromEntries(exchange.url.searchParams)).toEqual({
      batch: '1',
      input: '{"0":{"id":"a"},"2":{"id":"c"}}',
    });
    expect(exchange.headers.get('trpc-accept')).toBe('application/jsonl');

    await exchange.write(head(3), line([1, 0, [[{ result: 0 }], ['result', 0, 3]]]));
    await exchange.write(line([3, 0, [[{ data: 0 }], ['data', 0, 4]]]));
    const bytes = new TextEncoder().encode(line([4, 0, [[{ data: [{ name: 'é' }], nextCursor: null }]]]));
    const within = bytes.indexOf(0xc3) + 1;
    await exchange.write(bytes.subarray(0, within), bytes.subarray(within));
    expect(await second).toEqual({ data: [{ name: 'é' }], nextCursor: null });

    // A sign of life, and an answer that was ready at once.
    await exchange.write(' ', line([2, 0, [[{ result: { data: { id: 'c' } } }]]]));
    expect(await third).toEqual({ id: 'c' });

    await exchange.write(line([0, 0, [[{ error: shape }]]]));
    expect(await thrownBy(first)).toBeInstanceOf(NotFoundError);
    await exchange.end();
    expect(exchanges).toHaveLength(1);
  });

  test('fail alone', async () => {
    const tenon = client();
    const ours = thrownBy(tenon.tasks.get(get('a')));
    const theirs = thrownBy(tenon.trpc.tasks.get.query(get('b')));
    const exchange = await sent();
    await exchange.write(head(2), line([0, 1, shape]), line([1, 0, [[{ error: shape }]]]));
    expect(await ours).toMatchObject({ name: 'NotFoundError', ...problem });
    expect(await theirs).toBeInstanceOf(TRPCClientError);
    expect(await theirs).toMatchObject({ message: 'No.', shape, data: shape.data, cause: undefined });
  });

  test.each<[string, (exchange: Exchange) => Promise<void>]>([
    ['the answer ends early', (exchange) => exchange.end()],
    ['the connection is lost', (exchange) => exchange.lose()],
    ['another server answers', (exchange) => exchange.write('<h1>Hello</h1>\n')],
    ['a line belongs to no call', (exchange) => exchange.write(line([9, 0, [[1]]]))],
    ['a line is malformed', (exchange) => exchange.write(line([1, 0, 'text']))],
  ])('are tried again when %s, without those that have their answer', async (_, spoil) => {
    const tenon = client(1);
    const [first, second] = [tenon.tasks.get(get('a')), tenon.tasks.get(get('b'))];
    const exchange = await sent();
    await exchange.write(head(2), line([0, 0, [[{ result: { data: { id: 'a' } } }]]]));
    expect(await first).toEqual({ id: 'a' });
    await spoil(exchange);
    const again = await sent(2);
    expect(again.url.pathname).toBe('/trpc/tasks.get');
    again.answer(200, { result: { data: { id: 'b' } } });
    expect(await second).toEqual({ id: 'b' });
  });

  test('that are refused together know the status, and how long to wait', async () => {
    const tenon = client();
    const calls = Promise.allSettled([tenon.tasks.get(get('a')), tenon.tags.list()]);
    (await sent()).answer(429, {}, { 'retry-after': '7' });
    for (const outcome of await calls)
      expect(outcome).toMatchObject({ reason: { name: 'RateLimitedError', code: 'http_429', retryAfter: 7 } });
  });

  test('are spread over requests that the server accepts', async () => {
    const tenon = client();
    const calls = Array.from({ length: 51 }, (_, index) => tenon.tasks.get(get(`task-${index}`)));
    const search = 'x'.repeat(3_800);
    const long = Array.from({ length: 3 }, () => tenon.tasks.list({ search }));
    void Promise.allSettled([...calls, ...long]);
    await expect.poll(() => exchanges.length).toBe(3);
    expect(exchanges.map(({ url }) => url.pathname.split(',').length)).toEqual([50, 3, 1]);
    for (const { url } of exchanges) expect(url.href.length).toBeLessThanOrEqual(8_000);
  });

  test('end their request when all of them are aborted', async () => {
    const tenon = client();
    const aborts = [new AbortController(), new AbortController()];
    const calls = aborts.map(({ signal }) => thrownBy(tenon.tasks.get(get('a'), { signal })));
    const { signal } = await sent();
    aborts[0]?.abort('first');
    expect(await calls[0]).toBe('first');
    expect(signal?.aborted).toBe(false);
    aborts[1]?.abort('second');
    expect(await calls[1]).toBe('second');
    expect(signal?.aborted).toBe(true);
  });

  test('that are aborted before they are sent are not sent', async () => {
    const tenon = client();
    const abort = new AbortController();
    const [first, second] = [
      thrownBy(tenon.tasks.get(get('a'), { signal: abort.signal })),
      thrownBy(tenon.tasks.get(get('b'))),
    ];
    abort.abort('never mind');
    expect(await first).toBe('never mind');
    const exchange = await sent();
    expect(exchange.url.search).toBe(`?input=${encodeURIComponent('{"id":"b"}')}`);
    exchange.answer(503, {});
    await second;
  });
});

describe('a query alone', () => {
  test('is sent as one call, and knows its response', async () => {
    const call = client().tags.list();
    const exchange = await sent();
    expect([exchange.url.pathname, exchange.url.search]).toEqual(['/trpc/tags.list', '']);
    expect(exchange.headers.has('trpc-accept')).toBe(false);
    const page = { data: [], nextCursor: null };
    exchange.answer(200, { result: { data: page } }, { 'x-request-id': 'request-2' });
    expect(await call.withResponse()).toMatchObject({ data: page, requestId: 'request-2' });
  });

  test('knows how long to wait after a refusal', async () => {
    const refused = thrownBy(client().tags.list());
    const limited = { ...shape, data: { problem: { ...problem, code: 'rate_limited', status: 429 } } };
    (await sent()).answer(429, { error: limited }, { 'retry-after': '3' });
    const error = await refused;
    expect(error).toBeInstanceOf(RateLimitedError);
    expect(error).toMatchObject({ code: 'rate_limited', retryAfter: 3 });
  });

  test.each<[unknown]>([[{}], [[]], ['text'], [{ result: null }]])(
    'fails when another server answers %j',
    async (body) => {
      const failed = thrownBy(client().tags.list());
      (await sent()).answer(200, body);
      const error = await failed;
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({ cause: { message: 'The answer does not come from a Tenon server.' } });
    },
  );
});

describe("tRPC's own client", () => {
  test('shares requests, and rejects with its own errors', async () => {
    const { trpc } = client();
    const abort = new AbortController();
    const calls = [
      trpc.tasks.get.query(get('a')),
      trpc.tags.list.query(),
      trpc.tags.list.query({}, { signal: abort.signal }),
    ];
    const exchange = await sent();
    expect(exchange.url.pathname).toBe('/trpc/tasks.get,tags.list,tags.list');
    abort.abort(new Error('enough'));
    exchange.answer(502, 'Bad gateway');
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes).toMatchObject([
      { reason: { name: 'TRPCClientError', cause: { code: 'http_502' } } },
      { reason: { name: 'TRPCClientError', cause: { code: 'http_502' } } },
      { reason: { name: 'TRPCClientError', cause: { message: 'enough' } } },
    ]);
  });

  test('tells the response to a refusal', async () => {
    const refused = thrownBy(client().trpc.tasks.get.query(get('a')));
    (await sent()).answer(404, { error: shape }, { 'x-request-id': 'request-3' });
    const error = await refused;
    expect(error).toMatchObject({
      data: shape.data,
      meta: { response: { status: 404 }, responseJSON: { error: shape } },
    });
  });

  test('does not subscribe', async () => {
    const { trpc } = client();
    const iterate = async () => {
      for await (const _ of trpc.events.subscribe.subscribe({}));
    };
    expect(await thrownBy(iterate())).toMatchObject({
      cause: { message: expect.stringContaining('@tenon/sdk/events') },
    });
  });
});
