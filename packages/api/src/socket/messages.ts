import { jsonOf, type StreamFrame } from '@tenon/core';
import { z } from 'zod';
import type { ApiError } from '../errors.ts';
import { toErrorShape } from '../trpc.ts';

/*
 * The messages of tRPC over WebSocket (https://trpc.io/docs/server/websockets), without those of queries and mutations that succeed.
 */

/** Says which call a message is about. The client chooses it. Long ones are refused, because every frame repeats it. */
const MessageId = z.union([z.number(), z.string().max(64)]);
export type MessageId = z.output<typeof MessageId>;

const CallMessage = z.object({
  id: MessageId,
  method: z.enum(['subscription', 'query', 'mutation']),
  params: z.object({ path: z.string(), input: z.unknown().optional(), lastEventId: z.string().optional() }),
});
export type CallMessage = z.output<typeof CallMessage>;

/** What a client sends after its connection parameters. */
export const ClientMessage = z.discriminatedUnion('method', [
  CallMessage,
  z.object({ id: MessageId, method: z.literal('subscription.stop') }),
]);

/** The first message, when the address says `connectionParams=1`. */
export const ParamsMessage = z.object({
  method: z.literal('connectionParams'),
  data: z.record(z.string(), z.string()).nullish(),
});

/** The id of a message that is wrong otherwise, so that its sender learns which one it is. */
export const idOf = (message: unknown): MessageId | null =>
  z.object({ id: MessageId }).safeParse(message).data?.id ?? null;

/** The input of a call, with the id after which a client that has come back goes on. */
export function inputOf({ params: { input, lastEventId } }: CallMessage): unknown {
  if (lastEventId === undefined || (input !== undefined && typeof input !== 'object')) return input;
  return { ...input, lastEventId };
}

const resultText = (id: MessageId, json: string): string => `{"id":${JSON.stringify(id)},"result":${json}}`;

export const startedText = (id: MessageId): string => resultText(id, '{"type":"started"}');
export const stoppedText = (id: MessageId): string => resultText(id, '{"type":"stopped"}');

/** The JSON of a frame. That of an event is made once for all its readers. */
function jsonOfFrame(frame: StreamFrame): string {
  if (frame.kind === 'event') return `{"kind":"event","event":${jsonOf(frame.event)}}`;
  if (frame.kind === 'notification') return `{"kind":"notification","notification":${jsonOf(frame.notification)}}`;
  return JSON.stringify(frame);
}

/** @param sequence the one that the client sends as `lastEventId` when it comes back */
export const dataText = (id: MessageId, sequence: number, frame: StreamFrame): string =>
  resultText(id, `{"type":"data","id":"${sequence}","data":{"id":"${sequence}","data":${jsonOfFrame(frame)}}}`);

/** @param id null when the error is about no call, or about all of them */
export const errorText = (
  id: MessageId | null,
  error: ApiError,
  { requestId, url, path }: { requestId: string; url: string; path?: string },
): string => JSON.stringify({ id, error: toErrorShape(error, { url, requestId }, path) });
