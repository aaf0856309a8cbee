import { defineErrors } from '../kernel/errors.ts';

/** Errors that end a stream although its reader may continue with another one. */
export const liveErrors = defineErrors({
  stream_too_slow: {
    kind: 'unavailable',
    message: 'The stream was read too slowly. Reconnect with the last id that you have received.',
    cause: 'The client read the stream more slowly than events happened, and the server ended it.',
    remedy: 'Reconnect with the last id that you received. Read faster, or ask for fewer types of events.',
  },
  server_stopping: {
    kind: 'unavailable',
    message: 'This server is stopping. Reconnect to another one with the last id that you have received.',
    cause: 'The server is being stopped or replaced.',
    remedy: 'Reconnect with the last id that you received. Another server answers.',
  },
  stream_interrupted: {
    kind: 'unavailable',
    message: 'The stream was interrupted. Reconnect with the last id that you have received.',
    cause: 'The server lost something that the stream needs, such as its database.',
    remedy: 'Wait a few seconds, and reconnect with the last id that you received.',
  },
});
