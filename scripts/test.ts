import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';

const root = join(import.meta.dirname, '..');
const summary = join(root, 'coverage/coverage-summary.json');

/** The packages of which no line was measured. A coverage threshold over no files always passes, so this is checked apart. */
function unmeasured(): string[] {
  const measured = JSON.parse(readFileSync(summary, 'utf8')) as Record<string, { lines: { total: number } }>;
  return ['core', 'api', 'sdk'].filter((name) => {
    const folder = join(root, 'packages', name, 'src') + sep;
    return !Object.entries(measured).some(([file, { lines }]) => file.startsWith(folder) && lines.total > 0);
  });
}

// With arguments only some tests run. Coverage thresholds are meaningful only if all tests run.
const chosen = process.argv.slice(2);
rmSync(summary, { force: true });
const { status } = spawnSync('vitest', ['run', ...(chosen.length > 0 ? chosen : ['--coverage'])], {
  cwd: root,
  stdio: 'inherit',
});
const missing = status === 0 && chosen.length === 0 ? unmeasured() : [];
if (missing.length > 0) process.stderr.write(`No line was measured in ${missing.join(', ')}.\n`);
process.exit(missing.length > 0 ? 1 : (status ?? 1));
