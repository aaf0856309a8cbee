export { liveErrors } from './live.errors.ts';
export { EntityHidden, StreamClosed, StreamFrame, StreamReady, SubscribeInput } from './live.schema.ts';
export { logStreams, stopStreams, subscribe } from './streams.ts';
export { type Check, type EventStream, type Frame, jsonOf } from './subscription.ts';
