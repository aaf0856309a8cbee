import { eventPayloadTable, eventSealTable, eventTable, eventWalkTable } from './event.entity.ts';

export { listActivity } from './activity.list.ts';
export { ActivityEntry, ActivityListInput, ActivityLogPage, ActivityPage } from './activity.schema.ts';
export { type EntityEventsRequest, eventsOf } from './activity.queries.ts';
export { defineEvents, event, type EventType, lifecycle, type NewEvent, registerEvents } from './catalogue.ts';
export { recordEvents } from './record.ts';
export { onSealed, sealedChannel } from './seal.signals.ts';
export { type SealedEvent, eventsSealed } from './seal.ts';
export { Sealer, type SealingLag } from './sealer.ts';

export const activityTables = [eventTable, eventPayloadTable, eventSealTable, eventWalkTable];
