import { afterEach, expect, it } from 'vitest';
import { callerOf, registerOwner } from './support/api.ts';
import { type RunningTenon, runTenon, startServer, temporaryDirectory } from './support/server.ts';
import { peakMemory, uploadFiles } from './support/uploads.ts';

const directory = temporaryDirectory();
let server: RunningTenon | undefined;
afterEach(async () => {
  await server?.kill('SIGKILL');
  directory.remove();
});

it('takes files that are larger than its memory grows', async () => {
  const variables = { DATA_DIR: directory.path, NODE_OPTIONS: '--max-old-space-size=256' };
  server = await startServer(variables);
  const { token } = await registerOwner(server.url);
  const { slug } = await callerOf(server.url, token).get<{ slug: string }>('/organizations/me');
  expect((await runTenon(['organizations', 'set-tier', slug, 'pro'], variables)).code).toBe(0);
  // The first one loads what all need.
  await uploadFiles(server.url, token, { count: 1, megabytes: 1 });
  const before = peakMemory(server.process.pid);
  await uploadFiles(server.url, token, { count: 1, megabytes: 64 });
  await uploadFiles(server.url, token, { count: 8, megabytes: 8 });
  expect(peakMemory(server.process.pid) - before).toBeLessThan(64);
  expect(peakMemory(server.process.pid)).toBeLessThan(400);
}, 120_000);
