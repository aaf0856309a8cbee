/** How much the log keeps of a call: nothing, its metadata, or also the request and the response. */
export const auditLevels = ['off', 'metadata', 'full'] as const;
type AuditLevel = (typeof auditLevels)[number];

/** What an organization keeps of its API calls (E4). */
export interface ApiAudit {
  readonly reads: AuditLevel;
  readonly writes: AuditLevel;
  /** The share of calls that are kept, from 0 to 1. */
  readonly sample: number;
  readonly retentionDays: number;
}

/** The default for organizations that have not chosen. */
export const usualApiAudit: ApiAudit = { reads: 'metadata', writes: 'full', sample: 1, retentionDays: 30 };
