import type { IncomingHttpHeaders } from 'node:http';
import { errors, type EventStream } from '@tenon/core';
import type { FastifyBaseLogger } from 'fastify';
import type { RawData, WebSocket } from 'ws';
import type { z } from 'zod';
import { duplicateMembers } from '../duplicates.ts';
import { invalid, malformedBody, toApiError, transportErrors, wrongField } from '../errors.ts';
import { callerHeadersOf } from '../headers.ts';
import { heartbeatMs, lastFrameMs, whenStuck } from '../http/event-stream.ts';
import { pointer } from '../pointer.ts';
import { largestBatch } from '../trpc-plain.ts';
import { sequenceAfter } from '../trpc-stream.ts';
import {
  type CallMessage,
  ClientMessage,
  dataText,
  errorText,
  idOf,
  type MessageId,
  ParamsMessage,
  startedText,
  stoppedText,
} from './messages.ts';

/** How long a client may take for its connection parameters, in milliseconds. */
const paramsWithinMs = 10_000;

/** How long a socket may be open without a subscription, in milliseconds. Nobody need be signed in to open one. */
const idleMs = 60_000;

/** How many subscriptions one socket carries. */
const mostSubscriptions = 20;

/** How many answers may wait for a client that sends messages and does not read. */
const mostAnswers = 2 * largestBatch;

/** How many pings in a row a client may leave unanswered. */
const mostUnanswered = 2;

/** Within what time the sockets of a server that stops are closed, in milliseconds, so that their clients do not all come back at once. */
const stopSpreadMs = 1000;

/** The codes of a WebSocket that programs may choose begin here. We add the status of the problem. */
const firstOwnCode = 4000;

/** The names of members that occur twice in the JSON of a message. */
type Repeated = readonly (readonly PropertyKey[])[];

/** Those below a place, as the names that lead to them from there. */
const below = (repeated: Repeated, ...place: PropertyKey[]): Repeated =>
  repeated
    .filter((names) => place.every((name, depth) => names[depth] === name))
    .map((names) => names.slice(place.length));

const wrongMessage = ({ issues }: z.ZodError) =>
  invalid(...issues.map(({ path, message, code }) => wrongField(pointer('body', path), message, code)));

export interface SocketParts {
  socket: WebSocket;
  /** Who calls. Null when the first message says so. */
  headers: IncomingHttpHeaders | null;
  /** Begins the stream that a message asks for. @throws what the operation refuses */
  open: (message: CallMessage, headers: IncomingHttpHeaders, repeated: Repeated) => Promise<EventStream>;
  log: FastifyBaseLogger;
  /** The request with which the socket began. */
  request: { requestId: string; url: string };
}

/** A subscription, from its message to its end. */
interface Running {
  /** Null until it has begun. */
  stream: EventStream | null;
  isStopped: boolean;
}

function stop(running: Running): void {
  running.isStopped = true;
  running.stream?.close();
}

/**
 * One WebSocket with its subscriptions. Each takes the next frame from its stream when the connection has taken the last one, so a slow
 * reader lets frames wait in the stream, which ends when they are too many.
 *
 * A client that may go on elsewhere is not told that its subscriptions have stopped: the socket closes, and tRPC's client opens another one
 * and goes on there with the last ids. Before that it is sent an error without an id, after which tRPC's client waits before it comes back.
 */
export class Socket {
  readonly #parts: SocketParts;
  readonly #socket: WebSocket;
  readonly #running = new Map<MessageId, Running>();
  readonly #heartbeat: NodeJS.Timeout;
  #headers: IncomingHttpHeaders | null;
  #patience: NodeJS.Timeout | undefined;
  #answers = 0;
  #unanswered = 0;
  #isEnding = false;

  constructor(parts: SocketParts) {
    const { socket, headers } = parts;
    this.#parts = parts;
    this.#socket = socket;
    this.#headers = headers;
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref();
    this.#expectWithin(headers ? idleMs : paramsWithinMs);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('ping', (data) => this.#answer((sent) => socket.pong(data, false, sent)));
    socket.on('pong', () => (this.#unanswered = 0));
    // Of frames that break the protocol of WebSocket, or are too large. The library closes the socket with the code for it.
    socket.on('error', () => {});
    socket.once('close', () => this.#leave());
  }

  /**
   * Closes the socket and ends its subscriptions, so that the client comes back and goes on. The code is 4000 plus the status of the
   * problem, and the reason is the stable code.
   */
  end(thrown: unknown): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    for (const running of this.#running.values()) stop(running);
    const error = toApiError(thrown);
    const close = () => {
      this.#socket.send(errorText(null, error, this.#parts.request));
      this.#socket.close(firstOwnCode + error.status, error.problem);
      this.#within(lastFrameMs, () => this.#socket.terminate());
    };
    if (error.problem === 'server_stopping') this.#within(Math.random() * stopSpreadMs, close);
    else close();
  }

  #leave(): void {
    this.#isEnding = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#patience);
    for (const running of this.#running.values()) stop(running);
  }

  #within(milliseconds: number, run: () => void): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(run, milliseconds).unref();
  }

  /** Ends the socket unless the client does what it is there for within this time, in milliseconds. */
  #expectWithin(milliseconds: number): void {
    if (!this.#isEnding) this.#within(milliseconds, () => this.end(transportErrors.request_timeout()));
  }

  #beat(): void {
    if (this.#unanswered >= mostUnanswered) return this.#socket.terminate();
    this.#unanswered += 1;
    this.#socket.ping();
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#unanswered = 0;
    if (this.#isEnding) return;
    if (isBinary || !Buffer.isBuffer(data)) return this.#refuse(null, malformedBody('It is not text.'));
    const text = data.toString();
    // tRPC's clients have pings of their own, because programs in a browser do not see those of WebSocket.
    if (text === 'PING') return this.#answer((sent) => this.#socket.send('PONG', sent));
    if (text === 'PONG') return;
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return this.#refuse(null, malformedBody('It is not valid JSON.'));
    }
    if (this.#headers === null) return this.#readParams(json);
    const repeated = duplicateMembers(text);
    if (!Array.isArray(json)) return this.#take(json, this.#headers, repeated);
    if (json.length > largestBatch)
      return this.#refuse(null, malformedBody(`A batch has at most ${largestBatch} messages.`));
    for (const [index, one] of json.entries()) this.#take(one, this.#headers, below(repeated, index));
  }

  #readParams(json: unknown): void {
    const parsed = ParamsMessage.safeParse(json);
    if (!parsed.success) return this.end(wrongMessage(parsed.error));
    this.#headers = callerHeadersOf(parsed.data.data ?? {});
    this.#expectWithin(idleMs);
  }

  #take(json: unknown, headers: IncomingHttpHeaders, repeated: Repeated): void {
    const parsed = ClientMessage.safeParse(json);
    if (!parsed.success) return this.#refuse(idOf(json), wrongMessage(parsed.error));
    const { data: message } = parsed;
    const running = this.#running.get(message.id);
    if (message.method === 'subscription.stop') {
      if (running) stop(running);
      return;
    }
    if (running) return this.#refuse(message.id, invalid(wrongField('/body/id', 'Another subscription has this id.')));
    if (this.#running.size >= mostSubscriptions) {
      const refusal = `A socket carries at most ${mostSubscriptions} subscriptions. Stop one of them.`;
      return this.#refuse(message.id, errors.rate_limited({ message: refusal }));
    }
    void this.#run(message, headers, below(repeated, 'params', 'input'));
  }

  async #run(message: CallMessage, headers: IncomingHttpHeaders, repeated: Repeated): Promise<void> {
    const { id, params } = message;
    const { open, log, request } = this.#parts;
    const running: Running = { stream: null, isStopped: false };
    this.#running.set(id, running);
    clearTimeout(this.#patience);
    try {
      running.stream = await open(message, headers, repeated);
      await this.#pass(id, running.stream, running);
    } catch (thrown) {
      const error = toApiError(thrown);
      if (error.status >= 500)
        log.error(
          { requestId: request.requestId, err: error.cause ?? error, code: error.problem },
          'subscription failed',
        );
      if (error.kind === 'unavailable') this.end(error);
      else await this.#send(errorText(id, error, { ...request, path: params.path }));
      // Another socket may bring other parameters, and this one can do nothing with its own.
      if (error.kind === 'unauthenticated') this.end(error);
    } finally {
      this.#running.delete(id);
      if (this.#running.size === 0) this.#expectWithin(idleMs);
    }
  }

  /** Sends a stream until it ends. @throws why it ends, unless the client may go on elsewhere */
  async #pass(id: MessageId, stream: EventStream, running: Running): Promise<void> {
    if (running.isStopped) stream.close();
    const stopWaiting = whenStuck(stream, () => this.#socket.terminate());
    try {
      await this.#send(startedText(id));
      let sequence = 0;
      for (;;) {
        const frame = await stream.next();
        if (frame === null || frame === 'idle') return await this.#send(stoppedText(id));
        if (frame.kind === 'closed') {
          // An access token that has expired ends all subscriptions. The client comes back with the parameters of the time.
          if (!frame.resumable && frame.error.kind !== 'unauthenticated') throw frame.error;
          return this.end(frame.error);
        }
        sequence = sequenceAfter(frame, sequence);
        await this.#send(dataText(id, sequence, frame));
      }
    } finally {
      stopWaiting();
      stream.close();
    }
  }

  /** Sends a message of a subscription. Settles when the connection has taken it, or never will. */
  async #send(text: string): Promise<void> {
    if (this.#isEnding) return;
    await new Promise<void>((resolve) => {
      this.#socket.send(text, () => resolve());
    });
  }

  #refuse(id: MessageId | null, error: Error): void {
    this.#answer((sent) => this.#socket.send(errorText(id, toApiError(error), this.#parts.request), sent));
  }

  /** Answers a message for which no subscription waits. @param send calls back when the connection has taken the answer */
  #answer(send: (sent: () => void) => void): void {
    if (this.#answers >= mostAnswers) return this.#socket.terminate();
    this.#answers += 1;
    send(() => (this.#answers -= 1));
  }
}
