import type { EventStream, StreamFrame } from '@tenon/core';
import { tracked, type TrackedEnvelope } from '@trpc/server';

/** tRPC then ends the connection without a word, so the client comes back with the last id that it has. */
const comeBack = (): Error => new DOMException('The client goes on with another stream.', 'AbortError');

/**
 * The frames of a stream as tRPC sends them. Each has the sequence up to which the client has everything, so a client that comes back goes
 * on there.
 * @param signal aborted when the client has gone
 */
export async function* trackedFrames(
  stream: EventStream,
  signal: AbortSignal | undefined,
): AsyncGenerator<TrackedEnvelope<StreamFrame>, void> {
  const close = () => stream.close();
  if (signal?.aborted) close();
  signal?.addEventListener('abort', close, { once: true });
  let sequence = 0;
  try {
    for (;;) {
      const frame = await stream.next();
      if (frame === null || frame === 'idle') return;
      if (frame.kind === 'closed') throw frame.resumable ? comeBack() : frame.error;
      if (frame.kind === 'ready' || frame.kind === 'hidden') ({ sequence } = frame);
      if (frame.kind === 'event') ({ sequence } = frame.event);
      yield tracked(String(sequence), frame);
    }
  } finally {
    close();
  }
}
