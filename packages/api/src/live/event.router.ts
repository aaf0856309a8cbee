import {
  EntityHidden,
  liveErrors,
  Notification,
  SentEvent,
  StreamClosed,
  StreamFrame,
  StreamReady,
  subscribe,
  SubscribeInput,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { stream } = heading({
  name: 'Streams',
  description: 'What happens in the organization, while it happens.',
  group: 'Events and audit',
  guide: 'realtime',
});

export const eventRouter = router({
  subscribe: stream({
    rest: 'GET /events/stream',
    access: 'event:read',
    summary: 'Stream what happens in the organization',
    description:
      'Server-Sent Events. The first event is `ready`. Each later one has the type of what happened as `event`, its sequence as `id` and the whole event as `data`. Sequences may have gaps. When an event has taken something out of your sight, you are sent `entity.hidden` in its place. People who are signed in are also sent their new notifications, as `notification` without an id. The last event is `closed`, when the server ends the stream. A comment is sent after 15 seconds without an event. To go on, send the last id as `Last-Event-ID`.',
    input: SubscribeInput,
    output: StreamFrame,
    events: {
      ready: StreamReady,
      'entity.hidden': EntityHidden,
      notification: Notification,
      closed: StreamClosed,
      '*': SentEvent,
    },
    problems: [liveErrors.server_stopping],
    run: subscribe,
  }),
});
