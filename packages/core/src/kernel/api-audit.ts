/** How much is kept of a call: nothing, that it happened, or also what was sent and answered. */
export const auditLevels = ['off', 'metadata', 'full'] as const;
type AuditLevel = (typeof auditLevels)[number];

/** What an organization keeps of the calls of the API (E4). */
export interface ApiAudit {
  readonly reads: AuditLevel;
  readonly writes: AuditLevel;
  /** The share of the calls that is kept, from 0 to 1. */
  readonly sample: number;
  readonly retentionDays: number;
}

/** What an organization keeps that has not chosen. */
export const usualApiAudit: ApiAudit = { reads: 'metadata', writes: 'full', sample: 1, retentionDays: 30 };
