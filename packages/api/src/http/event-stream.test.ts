import { errors, type EventStream, type Frame } from '@tenon/core';
import Fastify from 'fastify';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { heartbeatMs, sendEventStream, whenStuck } from './event-stream.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A stream of these frames. */
function streamOf(...frames: (Frame | 'idle')[]) {
  const abort = new AbortController();
  const close = vi.fn<() => void>();
  const waited: (number | undefined)[] = [];
  const stream: EventStream = {
    position: 7,
    ended: abort.signal,
    close,
    async next(idleMs) {
      waited.push(idleMs);
      return frames.shift() ?? null;
    },
  };
  return { stream, abort, close, waited };
}

test('frames are Server-Sent Events, and an idle stream sends a comment with its place', async () => {
  const { stream, close, waited } = streamOf(
    { kind: 'ready', sequence: 4 },
    { kind: 'hidden', sequence: 5, entity: { type: 'task', id: 'a' } },
    'idle',
    { kind: 'closed', error: errors.unauthenticated({ message: 'No.' }), resumable: false },
  );
  const app = Fastify();
  app.get('/', (_request, reply) => sendEventStream(stream, reply));
  const { headers, body } = await app.inject('/');
  expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  expect(body.replace(/retry: [12]\d{3}\nevent: closed/, 'retry: ?\nevent: closed')).toBe(
    [
      'retry: 1000\nid: 4\nevent: ready\ndata: {"sequence":4}',
      'id: 5\nevent: entity.hidden\ndata: {"sequence":5,"entity":{"type":"task","id":"a"}}',
      ':\nid: 7',
      'retry: ?\nevent: closed\ndata: {"code":"unauthenticated","detail":"No.","resumable":false}',
      '',
    ].join('\n\n'),
  );
  expect(new Set(waited)).toEqual(new Set([heartbeatMs]));
  expect(close).toHaveBeenCalled();
});

test('a client that does not take the last frame within 5 seconds is cut off', () => {
  const { stream, abort } = streamOf();
  const cut = vi.fn<() => void>();
  whenStuck(stream, cut);
  vi.advanceTimersByTime(60_000);
  expect(cut).not.toHaveBeenCalled();
  abort.abort();
  vi.advanceTimersByTime(4999);
  expect(cut).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(cut).toHaveBeenCalledOnce();
});

test('and one that takes it is not', () => {
  const { stream, abort } = streamOf();
  const cut = vi.fn<() => void>();
  const taken = whenStuck(stream, cut);
  abort.abort();
  taken();
  vi.advanceTimersByTime(60_000);
  expect(cut).not.toHaveBeenCalled();
});
