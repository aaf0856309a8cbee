import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestRuntime, thrownBy } from '../testing/world.ts';
import type { Job } from './index.ts';
import { connect, type Tenon } from './tenon.ts';

/** A server that knows one job, which is further with every answer. */
const answers: Partial<Job>[] = [];
let server: Server;
let runtime: TestRuntime;
let tenon: Tenon;

const job: Job = {
  id: '0190a0a0-0000-7000-8000-000000000001',
  kind: 'tasks.delete',
  status: 'waiting',
  progress: null,
  result: null,
  error: null,
  createdAt: '2026-01-12T12:00:00.000Z',
  finishedAt: null,
};
/** Calls with an organization of their own share no request with others. */
const organization = 'acme';
const finished = { finishedAt: '2026-01-12T12:01:00.000Z' };

beforeAll(async () => {
  server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ result: { data: { ...job, ...answers.shift() } } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());
beforeEach(() => {
  answers.length = 0;
  runtime = new TestRuntime();
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  tenon = connect({ baseUrl: `http://127.0.0.1:${port}`, apiKey: 'sk_x' }, runtime);
});

test('waiting asks less and less often until the job is finished', async () => {
  answers.push({}, { progress: 40 }, { progress: 80 }, { status: 'done', progress: 100, ...finished });
  const seen: unknown[] = [];
  const done = await tenon.jobs.wait(job, { organization, onProgress: ({ progress }) => seen.push(progress) });
  expect(done).toMatchObject({ status: 'done', progress: 100 });
  expect(seen).toEqual([null, 40, 80, 100]);
  expect(runtime.slept).toEqual([200, 300, 450]);
});

test('waiting knows the response that carried the last answer', async () => {
  answers.push({}, { status: 'done', progress: 100, ...finished });
  const { data, response } = await tenon.jobs.wait(job, { organization }).withResponse();
  expect([data.status, response.status]).toEqual(['done', 200]);
});

test('a job that has failed is answered too', async () => {
  const error = { code: 'permission_denied', message: 'No.' };
  answers.push({ status: 'failed', error, ...finished });
  expect(await tenon.jobs.wait(job, { organization })).toMatchObject({ status: 'failed', error });
});

test('waiting ends with its signal', async () => {
  const reason = new Error('enough');
  const abort = new AbortController();
  const waiting = tenon.jobs.wait(job, { organization, signal: abort.signal, onProgress: () => abort.abort(reason) });
  expect(await thrownBy(waiting)).toBe(reason);
});
