import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';

const root = join(import.meta.dirname, '..');
const summary = join(root, 'coverage/coverage-summary.json');

/** A threshold over no files at all is met: each package must have been measured. */
function unmeasured(): string[] {
  const measured = JSON.parse(readFileSync(summary, 'utf8')) as Record<string, { lines: { total: number } }>;
  return ['core', 'api', 'sdk'].filter((name) => {
    const folder = join(root, 'packages', name, 'src') + sep;
    return !Object.entries(measured).some(([file, { lines }]) => file.startsWith(folder) && lines.total > 0);
  });
}

// Arguments choose some of the tests; coverage thresholds only mean something for all of them.
const chosen = process.argv.slice(2);
rmSync(summary, { force: true });
const { status } = spawnSync('vitest', ['run', ...(chosen.length > 0 ? chosen : ['--coverage'])], {
  cwd: root,
  stdio: 'inherit',
});
const missing = status === 0 && chosen.length === 0 ? unmeasured() : [];
if (missing.length > 0) process.stderr.write(`No line was measured in ${missing.join(', ')}.\n`);
process.exit(missing.length > 0 ? 1 : (status ?? 1));
