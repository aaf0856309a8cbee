import { defineErrors } from '../kernel/errors.ts';

/** Why a stream ends although its reader may go on with another one. */
export const liveErrors = defineErrors({
  stream_too_slow: {
    kind: 'unavailable',
    message: 'The stream was read too slowly. Go on with the last id that you have received.',
  },
  server_stopping: {
    kind: 'unavailable',
    message: 'This server stops. Go on at another one, with the last id that you have received.',
  },
  stream_interrupted: {
    kind: 'unavailable',
    message: 'The stream was interrupted. Go on with the last id that you have received.',
  },
});
