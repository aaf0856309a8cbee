import type { AppRouter, Job } from './contract.ts';
import type { TRPCClient } from '@trpc/client';
import type { Override } from './calls.ts';
import { unwrap } from './failure.ts';
import type { WaitOptions } from './options.ts';
import type { Call } from './responses.ts';
import type { Settings } from './settings.ts';

/** In milliseconds. */
const firstDelay = 200;
const longestDelay = 5_000;

/** What the client adds to the operations of `jobs`. */
export interface JobCalls {
  /**
   * Asks for a job, less and less often, until it is finished. Answers it then, also when it has failed or was cancelled: see its
   * `status`.
   */
  readonly wait: (job: Pick<Job, 'id'>, options?: WaitOptions) => Call<Job>;
}

/** @returns them by operationId */
export function jobCalls(trpc: TRPCClient<AppRouter>, { runtime }: Settings): ReadonlyMap<string, Override> {
  const wait = async (id: string, { signal, onProgress, ...context }: WaitOptions = {}): Promise<Job> => {
    for (let delay = firstDelay; ; delay = Math.min(1.5 * delay, longestDelay)) {
      const job = await trpc.jobs.get.query({ id }, { context, ...(signal && { signal }) }).catch((thrown: unknown) => {
        signal?.throwIfAborted();
        throw unwrap(thrown);
      });
      onProgress?.(job);
      if (job.finishedAt !== null) return job;
      await runtime.sleep(delay * (0.5 + runtime.random() / 2), signal);
      signal?.throwIfAborted();
    }
  };
  return new Map([['jobs.wait', (job, options) => wait('id' in job ? String(job.id) : '', options)]]);
}
