// Runs an npm script, on the Node of the host (20 or later). Nothing may be installed yet, so this file imports only what Node contains.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { relay } from './relay.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const binaries = join(root, 'node_modules', '.bin');
const bundledNode = join(binaries, 'node');

/** Runs the bundle of the sources, and builds it first when they have changed. */
const tenon = 'apps/server/bin/tenon.mjs';

const commands = {
  start: [bundledNode, tenon, 'serve'],
  dev: [bundledNode, 'scripts/dev.mjs', 'serve'],
  seed: [bundledNode, tenon, 'seed'],
  test: [bundledNode, 'scripts/test.ts'],
  check: [bundledNode, 'scripts/check.ts'],
  format: [join(binaries, 'oxfmt')],
  bench: [bundledNode, 'benchmarks/src/main.ts'],
  'test:scale': [bundledNode, 'benchmarks/src/scale/main.ts'],
  mutate: [bundledNode, 'scripts/mutate.ts'],
  race: [bundledNode, 'packages/api/src/contract/testing/race/main.ts'],
  chaos: [bundledNode, 'benchmarks/src/chaos/main.ts'],
  clients: [bundledNode, 'clients/src/main.ts'],
};

/**
 * Installs the dependencies of the workspace in a folder, unless node_modules matches the lockfile. Hashes are compared, as a checkout
 * changes modification times.
 */
function install(folder) {
  const lockfile = readFileSync(join(folder, 'pnpm-lock.yaml'));
  const wanted = createHash('sha256').update(lockfile).digest('hex');
  const stamp = join(folder, 'node_modules', '.installed-lockfile');
  if (existsSync(bundledNode) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;

  const { devEngines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const pnpm = `pnpm@${devEngines.packageManager.version}`;
  console.log('Installing the dependencies of pnpm-lock.yaml. The first time this takes a minute or two.');
  // Its output is shown only when it fails. It warns of packages that want a newer Node than this one, and nothing here runs on this one.
  const { status, error, stdout, stderr } = spawnSync(
    'npm',
    ['exec', '--yes', '--', pnpm, 'install', '--frozen-lockfile'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      // With CI set, pnpm asks no questions.
      env: { ...process.env, CI: 'true' },
    },
  );
  if (status !== 0) {
    console.error(error ? `npm: ${error.message}` : `${stdout}${stderr}`);
    process.exit(status ?? 1);
  }
  writeFileSync(stamp, wanted);
}

const [name, ...args] = process.argv.slice(2);
if (!Object.hasOwn(commands, name ?? '')) {
  console.error(`usage: npm run <${Object.keys(commands).join(' | ')}> [-- arguments]`);
  process.exit(2);
}
install(root);
// The generators of clients are a workspace of their own, as nothing else needs them.
if (name === 'clients') install(join(root, 'clients'));
const [program, ...fixed] = commands[name];
relay(program, [...fixed, ...args], {
  cwd: root,
  env: { ...process.env, PATH: binaries + delimiter + process.env.PATH },
});
