import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

// Arguments choose some of the tests; coverage thresholds only mean something for all of them.
const chosen = process.argv.slice(2);
const { status } = spawnSync('vitest', ['run', ...(chosen.length > 0 ? chosen : ['--coverage'])], {
  cwd: join(import.meta.dirname, '..'),
  stdio: 'inherit',
});
process.exit(status ?? 1);
