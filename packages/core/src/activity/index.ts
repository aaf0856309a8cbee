import type { JobHandlers, Schedule } from '../jobs/index.ts';
import type { Logger } from '../kernel/logger.ts';
import { auditEvents } from './audit.events.ts';
import { publishHeads } from './audit.heads.ts';
import { verifyByJob, verifyJob } from './audit.verify.ts';
import { eventPayloadTable, eventSealTable, eventTable, eventWalkTable } from './event.entity.ts';

export { listActivity } from './activity.list.ts';
export { ActivityEntry, ActivityListInput, ActivityLogPage, ActivityPage, eventFilters } from './activity.schema.ts';
export { type EntityEventsRequest, eventsOf } from './activity.queries.ts';
export { exportAudit } from './audit.export.ts';
export { getAuditHead, listAudit } from './audit.list.ts';
export {
  AuditExportInput,
  AuditHead,
  AuditListInput,
  AuditPage,
  AuditRow,
  AuditVerification,
  AuditVerify,
} from './audit.schema.ts';
export { verifyAudit } from './audit.verify.ts';
export {
  defineEvents,
  event,
  type EventType,
  lifecycle,
  namesTypes,
  type NewEvent,
  patternOfTypes,
  purged,
  registerEvents,
  typesNamed,
} from './catalogue.ts';
export { recordEvents } from './record.ts';
export { SentEvent } from './sent-event.ts';
export { onSealed, sealedChannel } from './seal.signals.ts';
export { type SealedEvent, eventsSealed } from './seal.ts';
export { Sealer, type SealingLag } from './sealer.ts';
export { readSealed, readSentEvents, sealedHead, sealedHeads, sealedPage, visibleEvents } from './sealed-log.ts';

export const activityTables = [eventTable, eventPayloadTable, eventSealTable, eventWalkTable];

/** The events of this context. */
export const activityEvents = [auditEvents];

export const activityHandlers = (logger: Logger): JobHandlers => ({
  [verifyJob]: verifyByJob,
  'audit.publish_heads': publishHeads(logger),
});

export const activitySchedules: readonly Schedule[] = [
  { name: 'audit.publish_heads', cron: '5 0 * * *', kind: 'audit.publish_heads' },
];
