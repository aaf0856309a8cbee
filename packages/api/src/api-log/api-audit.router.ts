import { ApiAuditListInput, ApiAuditPage, listApiAudit } from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { query } = heading({
  name: 'API audit',
  description: 'Who called which operation in the organization, with which result.',
  group: 'Events and audit',
  guide: 'api-log',
});

export const apiAuditRouter = router({
  list: query({
    rest: 'GET /audit/api',
    access: 'audit:read',
    summary: 'List the calls in the organization',
    description:
      'The newest first. What is kept of a call, and for how long, is a setting of the organization. A page reads at most 2,000 calls where a filter leaves calls out, so it can have fewer than you asked for, or none. Read on while nextCursor is not null.',
    input: ApiAuditListInput,
    output: ApiAuditPage,
    run: listApiAudit,
  }),
});
