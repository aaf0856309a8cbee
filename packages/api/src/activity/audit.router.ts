import {
  AuditExportInput,
  AuditHead,
  AuditListInput,
  AuditPage,
  AuditVerification,
  AuditVerify,
  exportAudit,
  getAuditHead,
  listAudit,
  verifyAudit,
} from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { generatedDownload, mutation, query } = heading({
  name: 'Audit',
  description: 'Everything that happened in the organization, as a chain of hashes that shows every later change.',
  group: 'Events and audit',
  guide: 'audit',
});

export const auditRouter = router({
  list: query({
    rest: 'GET /audit',
    access: 'audit:read',
    summary: 'List the audit trail',
    description:
      'The newest first, or in the order of the trail. An event is in the trail a moment after it happened. A page reads at most 2,000 events where a filter leaves events out, so it can have fewer than you asked for, or none. Read on while nextCursor is not null.',
    input: AuditListInput,
    output: AuditPage,
    run: listAudit,
  }),
  head: query({
    rest: 'GET /audit/head',
    access: 'audit:read',
    summary: 'Read the head of the audit trail',
    description:
      'Keep it outside of this system. With it, `audit.verify` finds whether the end of the trail was cut off.',
    output: AuditHead,
    run: getAuditHead,
  }),
  verify: mutation({
    rest: 'POST /audit/verify',
    access: 'audit:read',
    summary: 'Verify the audit trail',
    description:
      'Checks the hash of every event and payload, and the head that you have kept, if you send one. More than 5,000 events are verified by a job, whose result is the verification.',
    long: true,
    status: 200,
    input: AuditVerify,
    output: AuditVerification,
    run: verifyAudit,
  }),
  export: generatedDownload({
    rest: 'GET /audit/export',
    access: 'audit:export',
    summary: 'Export the audit trail',
    description:
      'In its order, as JSONL with one row a line, or as CSV. The SDK verifies JSONL without the server. The answer is made while it is sent, so it has no Content-Length, and Range is ignored.',
    input: AuditExportInput,
    run: exportAudit,
  }),
});
