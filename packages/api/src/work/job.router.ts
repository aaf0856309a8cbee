import { ById, getJob, Job, jobErrors } from '@tenon/core';
import { heading, router } from '../trpc.ts';

const { query } = heading({
  name: 'Jobs',
  description:
    'What goes on after an answer, because it takes long. Such an answer is 202, with the job and its Location.',
  group: 'Work',
  guide: 'long-work',
});

export const jobRouter = router({
  get: query({
    rest: 'GET /jobs/{id}',
    access: 'user',
    apiKey: true,
    organization: 'required',
    summary: 'Read how far a job is',
    description: 'Only by whoever started it. It stays for seven days after its end.',
    input: ById,
    output: Job,
    problems: [jobErrors.job_not_found],
    run: getJob,
  }),
});
