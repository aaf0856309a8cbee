import type { EventStream, StreamFrame } from '@tenon/core';
import { tracked, type TrackedEnvelope } from '@trpc/server';

/** The sequence up to which a client has everything once it has a frame. Notifications have no place of their own. */
export function sequenceAfter(frame: StreamFrame, before: number): number {
  if (frame.kind === 'event') return frame.event.sequence;
  return frame.kind === 'notification' ? before : frame.sequence;
}

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
      sequence = sequenceAfter(frame, sequence);
      yield tracked(String(sequence), frame);
    }
  } finally {
    close();
  }
}
