import type { Inputs, Outputs } from './api.ts';
import { type Connection, connections } from './connections.ts';
import { ConnectionError, TenonError, TimeoutError } from './errors.ts';
import { answerOf, request, restHeaders } from './http.ts';
import type { CallOptions } from './options.ts';
import { urlOf } from './redirects.ts';
import { isPassing } from './retry.ts';
import { EventStreamParser, type ServerSentEvent } from './server-sent-events.ts';
import type { Tenon } from './tenon.ts';

/** A value that tRPC sends with an id. */
type SentWithId<Stream> = Stream extends AsyncIterable<Record<'data', infer Frame>> ? Frame : never;

type Frame = SentWithId<Outputs['events']['subscribe']>;

/** What happened in the organization. */
export type TenonEvent = Extract<Frame, { kind: 'event' }>['event'];

/** What the signed-in person was told. */
export type TenonNotification = Extract<Frame, { kind: 'notification' }>['notification'];

/** What the caller no longer sees. */
export type HiddenEntity = Pick<Extract<Frame, { kind: 'hidden' }>, 'sequence' | 'entity'>;

/** Which events a subscription is about, and where it begins. */
export type SubscribeInput = Inputs['events']['subscribe'];

/** Why a subscription connects again, and when. */
export interface Reconnect {
  /** What ended the connection. */
  readonly error: TenonError;
  /** 1 for the first try after a connection that worked. */
  readonly attempt: number;
  /** How long it waits before that, in milliseconds. */
  readonly delayMs: number;
  /** The sequence after which it goes on. Null when nothing has arrived yet. */
  readonly sequence: number | null;
}

export interface SubscribeOptions extends Pick<CallOptions, 'signal' | 'organization'> {
  /** Called with the sequence after which the stream begins, for every connection. */
  onReady?: ((sequence: number) => void) | undefined;
  /** Called before it connects again. Nothing is lost meanwhile. */
  onReconnect?: ((reconnect: Reconnect) => void) | undefined;
  /** Called when an event has taken something out of the caller's sight. Nothing else is said about it. */
  onHidden?: ((hidden: HiddenEntity) => void) | undefined;
  /** Called with each new notification of the person who is signed in. A program with an API key gets none. */
  onNotification?: ((notification: TenonNotification) => void) | undefined;
}

/** The server sends something at least every 15 seconds. After this time without anything the connection is lost. Milliseconds. */
const silenceMs = 45_000;

/** The first wait before it connects again, unless the server says another, and the longest one. Milliseconds. */
const firstDelayMs = 1000;
const longestDelayMs = 30_000;

const path = '/events/stream';

interface Closed {
  code: string;
  detail: string;
  resumable: boolean;
}

/** What the data of each event of the stream is. All other events are about what happened. */
interface Sent {
  ready: { sequence: number };
  'entity.hidden': HiddenEntity;
  notification: TenonNotification;
  closed: Closed;
  other: TenonEvent;
}

/** The server checks what it sends. */
const read = <Name extends keyof Sent>(_event: Name, data: string): Sent[Name] => JSON.parse(data) as Sent[Name];

/** The error for a connection that the server has ended. */
const endedBy = (closed: Closed | null): TenonError =>
  closed
    ? new TenonError({ code: closed.code, detail: closed.detail })
    : new ConnectionError(new TypeError('The server has ended the stream.'));

/** One connection: sends the request, and answers the events as they arrive. */
async function* connect(
  { settings, tokens }: Connection,
  input: SubscribeInput,
  parser: EventStreamParser,
  { signal, organization }: SubscribeOptions,
): AsyncGenerator<ServerSentEvent, void> {
  const url = `${settings.baseUrl}/api/v1${urlOf(path, { ...input })}`;
  const abort = new AbortController();
  const onAbort = () => abort.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expect = (withinMs: number) => {
    clearTimeout(timer);
    if (withinMs !== Infinity) timer = setTimeout(() => abort.abort(new TimeoutError(withinMs)), withinMs);
  };
  try {
    const response = await tokens.using((token) => {
      expect(settings.timeoutMs);
      const headers = restHeaders(settings, input, { organization }, token);
      headers.set('accept', 'text/event-stream');
      if (parser.lastEventId !== null) headers.set('last-event-id', parser.lastEventId);
      return request(settings, url, { headers, signal: abort.signal }).then(async (answer) => {
        if (!answer.ok) await answerOf(answer);
        return answer;
      });
    });
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    while (reader) {
      expect(silenceMs);
      const chunk: { done: boolean; value?: Uint8Array | undefined } = await reader.read().catch((thrown: unknown) => {
        abort.signal.throwIfAborted();
        throw new ConnectionError(thrown);
      });
      if (chunk.done) return;
      clearTimeout(timer);
      yield* parser.push(decoder.decode(chunk.value, { stream: true }));
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    abort.abort();
  }
}

const sequenceOf = ({ lastEventId }: EventStreamParser): number | null => (lastEventId ? Number(lastEventId) : null);

/**
 * Streams what happens in the organization, as far as the caller sees it, each event once and in order. A connection that is lost is opened
 * again, and goes on where it ended. The loop ends with an error when the server refuses the caller or the input, and with the reason of the
 * signal when it is aborted.
 *
 * @example
 * for await (const event of subscribe(tenon, { types: ['task.*'] })) console.log(event.summary);
 */
export async function* subscribe(
  tenon: Tenon,
  input: SubscribeInput = {},
  options: SubscribeOptions = {},
): AsyncGenerator<TenonEvent, void> {
  const connection = connections.get(tenon);
  if (!connection) throw new TypeError('Pass a client that createTenon has made.');
  const { runtime } = connection.settings;
  const { signal, onReady, onHidden, onNotification, onReconnect } = options;
  const { lastEventId = null, ...filters } = input;
  const parser = new EventStreamParser(lastEventId);
  for (let attempt = 0; ; attempt++) {
    let closed: Closed | null = null;
    let error: TenonError;
    try {
      for await (const { event, data } of connect(connection, filters, parser, options)) {
        if (event === 'ready') {
          attempt = 0;
          onReady?.(read(event, data).sequence);
        } else if (event === 'entity.hidden') onHidden?.(read(event, data));
        else if (event === 'notification') onNotification?.(read(event, data));
        else if (event === 'closed') closed = read(event, data);
        else yield read('other', data);
      }
      error = endedBy(closed);
    } catch (thrown) {
      signal?.throwIfAborted();
      if (!(thrown instanceof TenonError) || !isPassing(thrown)) throw thrown;
      error = thrown;
    }
    // What ended for good is refused by the next answer, or goes on with a new access token. There is nothing to wait for.
    const isFinal = closed?.resumable === false && attempt === 0;
    const longest = Math.min(longestDelayMs, (parser.retryMs ?? firstDelayMs) * 2 ** attempt);
    const delayMs = isFinal ? 0 : Math.max((error.retryAfter ?? 0) * 1000, longest * (0.5 + runtime.random() / 2));
    onReconnect?.({ error, attempt: attempt + 1, delayMs, sequence: sequenceOf(parser) });
    await runtime.sleep(delayMs, signal);
    signal?.throwIfAborted();
  }
}
