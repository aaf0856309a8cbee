import { Readable } from 'node:stream';
import { type EventStream, type Frame, jsonOf } from '@tenon/core';
import type { FastifyReply } from 'fastify';

/** How long a stream sends nothing before it sends a comment, so that proxies keep the connection. Milliseconds. */
export const heartbeatMs = 15_000;

/** How long a reader may take for the last frame, in milliseconds. Then the connection is closed. */
export const lastFrameMs = 5000;

/** When clients come back, in milliseconds. Those of a server that stops do not all come at once. */
const retryMs = 1000;
const retrySpreadMs = 2000;

const linesOf = (event: string, json: string, id?: number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`;

function textOf(frame: Frame): string {
  switch (frame.kind) {
    case 'ready':
      return `retry: ${retryMs}\n${linesOf('ready', JSON.stringify({ sequence: frame.sequence }), frame.sequence)}`;
    case 'event':
      return linesOf(frame.event.type, jsonOf(frame.event), frame.event.sequence);
    case 'hidden': {
      const { sequence, entity } = frame;
      return linesOf('entity.hidden', JSON.stringify({ sequence, entity }), sequence);
    }
    case 'notification':
      return linesOf('notification', jsonOf(frame.notification));
    case 'closed': {
      const { code, message: detail } = frame.error;
      const closed = { code, detail, resumable: frame.resumable };
      const retry = retryMs + Math.round(Math.random() * retrySpreadMs);
      return `retry: ${retry}\n${linesOf('closed', JSON.stringify(closed))}`;
    }
  }
}

/** Calls back when the last frame of a stream has waited too long. Answers a function that gives up waiting. */
export function whenStuck(stream: EventStream, cut: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(cut, lastFrameMs);
  };
  if (stream.ended.aborted) begin();
  else stream.ended.addEventListener('abort', begin, { once: true });
  return () => {
    clearTimeout(timer);
    stream.ended.removeEventListener('abort', begin);
  };
}

/** A stream as `text/event-stream`. It takes a frame only when the client has room for it. */
class EventStreamBody extends Readable {
  readonly #stream: EventStream;
  readonly #stopWaiting: () => void;
  #isTaking = false;

  constructor(stream: EventStream) {
    super();
    this.#stream = stream;
    this.#stopWaiting = whenStuck(stream, () => this.destroy());
  }

  override _read(): void {
    if (this.#isTaking) return;
    this.#take().catch((error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))));
  }

  async #take(): Promise<void> {
    this.#isTaking = true;
    for (let hasRoom = true; hasRoom && !this.destroyed;) {
      const frame = await this.#stream.next(heartbeatMs);
      if (frame === null) {
        this.push(null);
        return;
      }
      // A comment with an id: clients that come back later need not be sent again what was left out for them.
      hasRoom = this.push(frame === 'idle' ? `:\nid: ${this.#stream.position}\n\n` : textOf(frame));
    }
    this.#isTaking = false;
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#stopWaiting();
    this.#stream.close();
    callback(error);
  }
}

/** Sends a stream as Server-Sent Events, until it ends or the client goes. */
export const sendEventStream = (stream: EventStream, reply: FastifyReply): FastifyReply =>
  reply
    .headers({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    .send(new EventStreamBody(stream));
