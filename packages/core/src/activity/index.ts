import { eventPayloadTable, eventTable } from './event.entity.ts';

export { ActivityEntry, ActivityPage } from './activity.schema.ts';
export { type EntityEventsRequest, eventsOf } from './activity.queries.ts';
export { type NewEvent, recordEvents } from './record.ts';

export const activityTables = [eventTable, eventPayloadTable];
