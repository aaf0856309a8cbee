import type { ServiceContext } from '../database/context.ts';
import { read } from '../database/read-door.ts';
import { current, type RowOf, statement } from '../database/statement.ts';
import { defineErrors, errors } from '../kernel/errors.ts';
import type { ById } from '../kernel/schemas.ts';
import type { Job } from './job.schema.ts';

export const jobErrors = defineErrors({
  job_not_found: {
    kind: 'not_found',
    message: 'You have started no such job.',
    cause: 'No job with this id was started by you, or it is too old and was deleted.',
    remedy: 'Use the path in the `Location` of the answer that started the job, as the same user.',
  },
});

const ownJob = statement((db, { id }: { id: string }) =>
  db
    .selectFrom('jobs')
    .select([
      'jobs.id',
      'jobs.kind',
      'jobs.status',
      'jobs.leased_until as leasedUntil',
      'jobs.progress',
      'jobs.result',
      'jobs.error',
      'jobs.created_at as createdAt',
      'jobs.finished_at as finishedAt',
    ])
    .where('jobs.id', '=', id)
    .where('jobs.user_id', '=', current.user),
);

function statusOf({ status, leasedUntil }: RowOf<typeof ownJob>, now: Date): Job['status'] {
  if (status === 'dead') return 'failed';
  return status === 'waiting' && leasedUntil !== null && Date.parse(leasedUntil) > now.getTime() ? 'running' : status;
}

/** The stored text is for operators. Clients see only the texts of our own errors, which begin with their code. */
function errorOf(text: string): NonNullable<Job['error']> {
  const [, code, message] = /^([a-z]+(?:_[a-z]+)+): (.*)$/s.exec(text) ?? [];
  return code && message ? { code, message } : { code: 'internal', message: errors.internal().message };
}

/**
 * Reads a job that the caller started in the current organization.
 * @throws `unauthenticated`, `job_not_found`
 */
export async function getJob(ctx: ServiceContext, { id }: ById): Promise<Job> {
  if (!ctx.principal) throw errors.unauthenticated();
  const [row] = await read(ctx, (db) => db.run(ownJob, { id }));
  if (!row) throw jobErrors.job_not_found();
  const { kind, progress, createdAt, finishedAt } = row;
  const result = typeof row.result === 'object' && row.result !== null ? { ...row.result } : null;
  const status = statusOf(row, ctx.clock.now());
  const error = status === 'failed' ? errorOf(row.error ?? '') : null;
  return { id: row.id, kind, status, progress, result, error, createdAt, finishedAt };
}
