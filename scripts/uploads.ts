import { callerOf, registerOwner } from '../e2e/support/api.ts';
import { runTenon, startServer, temporaryDirectory } from '../e2e/support/server.ts';
import { peakMemory, uploadFiles, type Uploads } from '../e2e/support/uploads.ts';

/*
 * Uploads large files to a server with a heap of 256 MB, and prints how much memory it took: one file of 2 GB, then 50 files of 20 MB at
 * the same time. Needs 4 GB of disk and Linux. `npm test` does the same with a small file.
 */

const all: readonly Uploads[] = [
  { count: 1, megabytes: 2048 },
  { count: 50, megabytes: 20 },
];

const directory = temporaryDirectory();
const variables = { DATA_DIR: directory.path, NODE_OPTIONS: '--max-old-space-size=256' };
const server = await startServer(variables);
try {
  const { token } = await registerOwner(server.url);
  const { slug } = await callerOf(server.url, token).get<{ slug: string }>('/organizations/me');
  const { code, stderr } = await runTenon(['organizations', 'set-tier', slug, 'enterprise'], variables);
  if (code !== 0) throw new Error(stderr);
  console.log(`at rest: ${Math.round(peakMemory(server.process.pid))} MB`);
  for (const uploads of all) {
    const seconds = await uploadFiles(server.url, token, uploads);
    const { count, megabytes } = uploads;
    const speed = Math.round((count * megabytes) / seconds);
    console.log(
      `${count} × ${megabytes} MB: ${seconds.toFixed(1)} s, ${speed} MB/s, at most ${Math.round(peakMemory(server.process.pid))} MB of memory`,
    );
  }
} finally {
  await server.kill('SIGTERM');
  directory.remove();
}
