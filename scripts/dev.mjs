// Serves the TypeScript sources, and starts the server again whenever one of them has changed. Node's own `--watch` waits longer, and loads
// every module anew: here Node keeps what it has compiled of those that stay the same.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folders = ['apps/server/src', 'packages/api/src', 'packages/core/src'].map((path) => join(root, path));
const compiled = join(root, 'node_modules/.cache/tenon-dev');

/** Editors write a file in several steps, and a checkout changes many files. In milliseconds. */
const settleMs = 30;

let server;
let isEnding = false;

async function stop() {
  if (!server || server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  await ended;
}

async function restart() {
  await stop();
  if (isEnding) return;
  server = spawn(process.execPath, [join(root, 'apps/server/src/cli.ts'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: compiled, ...process.env },
  });
}

let restarting = restart();
let timer;
for (const folder of folders)
  watch(folder, { recursive: true }, (_event, file) => {
    if (!file?.endsWith('.ts') || file.endsWith('.test.ts')) return;
    clearTimeout(timer);
    timer = setTimeout(() => void (restarting = restarting.then(restart)), settleMs);
  });

async function end() {
  isEnding = true;
  await restarting;
  await stop();
  process.exit();
}
process.on('SIGINT', () => void end());
process.on('SIGTERM', () => void end());
