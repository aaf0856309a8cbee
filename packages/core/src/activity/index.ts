import { eventPayloadTable, eventTable } from './event.entity.ts';

export { listActivity } from './activity.list.ts';
export { ActivityEntry, ActivityListInput, ActivityLogPage, ActivityPage } from './activity.schema.ts';
export { type EntityEventsRequest, eventsOf } from './activity.queries.ts';
export { defineEvents, event, type EventType, lifecycle, type NewEvent, registerEvents } from './catalogue.ts';
export { eventsRecording, recordEvents, type RecordedEvent } from './record.ts';

export const activityTables = [eventTable, eventPayloadTable];
