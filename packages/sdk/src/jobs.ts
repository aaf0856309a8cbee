import type { Operations } from './api.ts';
import type { Override } from './calls.ts';
import type { Job } from './contract.ts';
import type { WaitOptions } from './options.ts';
import type { Arriving, Call } from './responses.ts';
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
export function jobCalls(get: Operations['jobs']['get'], { runtime }: Settings): ReadonlyMap<string, Override> {
  const wait = async (id: string, { onProgress, arrived, ...options }: WaitOptions & Arriving = {}): Promise<Job> => {
    const { signal } = options;
    for (let delay = firstDelay; ; delay = Math.min(1.5 * delay, longestDelay)) {
      const { data: job, response } = await get({ id }, options).withResponse();
      arrived?.(response);
      onProgress?.(job);
      if (job.finishedAt !== null) return job;
      await runtime.sleep(delay * (0.5 + runtime.random() / 2), signal);
      signal?.throwIfAborted();
    }
  };
  return new Map([['jobs.wait', (job, options) => wait('id' in job ? String(job.id) : '', options)]]);
}
