import { z } from 'zod';
import { authorize } from '../access/index.ts';
import type { ServiceContext } from '../database/context.ts';
import { mutate } from '../database/unit-of-work.ts';
import { type Job, type JobHandler, startJob } from '../jobs/index.ts';
import { headOf, trailOf } from './audit.rows.ts';
import type { AuditVerification, AuditVerify } from './audit.schema.ts';
import { sha256 } from './chain.ts';
import { checkChain, type ChainHead } from './check-chain.ts';

/** How many events are verified at once, which takes a fraction of a second. A longer trail is verified by a job. */
const mostAtOnce = 5_000;

/** The operation whose work it goes on with. */
export const verifyJob = 'audit.verify';

async function verify(ctx: ServiceContext, organizationId: string, kept: ChainHead | null): Promise<AuditVerification> {
  const head = await headOf(ctx, organizationId);
  const rows = trailOf(ctx, organizationId, { from: 1, to: head.sequence }, false);
  const { checked, erased, problem: found } = await checkChain(rows, sha256, { head: kept });
  // The seals are there, but the events of the last ones are not.
  const isGone = checked < head.sequence && (found === null || found.kind === 'truncated');
  const problem = isGone ? { sequence: checked + 1, kind: 'missing' as const } : found;
  return { valid: problem === null, checked, erased, head, problem };
}

/**
 * Verifies the whole audit trail of the organization. A long one is verified by a job.
 * @param kept a head that the caller has kept: it shows whether the end was cut off, or the whole trail written anew
 */
export async function verifyAudit(
  ctx: ServiceContext,
  { sequence, hash }: AuditVerify,
): Promise<AuditVerification | Job> {
  authorize(ctx, 'audit:read');
  const { organizationId } = ctx.principal;
  const kept = sequence === undefined || hash === undefined ? null : { sequence, hash };
  const { sequence: last } = await headOf(ctx, organizationId);
  if (last > mostAtOnce) return mutate(ctx, (unit) => startJob(unit, verifyJob, { kept }));
  const verification = await verify(ctx, organizationId, kept);
  return mutate(ctx, async () => verification);
}

const VerifyJob = z.object({ kept: z.object({ sequence: z.int(), hash: z.string() }).nullable() });

export const verifyByJob: JobHandler = (ctx, payload, { organizationId }) => {
  if (organizationId === null) throw new Error('An audit trail belongs to an organization.');
  return verify(ctx, organizationId, VerifyJob.parse(payload).kept);
};
