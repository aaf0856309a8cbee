/**
 * `npm run chaos` writes steadily while servers are killed and PostgreSQL is restarted. Then it checks that nothing is lost, and nothing is
 * done twice. It fails when that is not so.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chosen, dialects } from '../options.ts';
import { checks } from './checks.ts';
import { type Outcome, run } from './run.ts';

const usage = `npm run chaos -- [options]

  --db sqlite|postgresql     one database instead of both
  --seconds 120              how long it writes
`;

const mostShown = 50;

const { values } = parseArgs({
  options: {
    db: { type: 'string' },
    seconds: { type: 'string', default: '120' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit();
}
const outcomes = new Map<string, Outcome>();
for (const dialect of chosen(dialects, values.db, 'db'))
  outcomes.set(dialect, await run(dialect, Number(values.seconds)));

console.log(`\n| | ${[...outcomes.keys()].join(' | ')} |\n|---${'|---'.repeat(outcomes.size)}|`);
const all = [...outcomes.values()];
for (const name of Object.keys(all[0]?.figures ?? {}))
  console.log(`| ${name} | ${all.map(({ figures }) => figures[name]).join(' | ')} |`);
console.log('');
const failures = [...outcomes].flatMap(([dialect, outcome]) => outcome.failures.map((text) => `${dialect}: ${text}`));
for (const failure of failures.slice(0, mostShown)) console.log(`FAILED ${failure}`);
const failed = failures.length;
const passed = outcomes.size * Object.keys(checks).length - failed;
const results = join(import.meta.dirname, '../../../test-results');
mkdirSync(results, { recursive: true });
writeFileSync(join(results, 'chaos.json'), JSON.stringify({ passed, failed }));
console.log(`${outcomes.size * Object.keys(checks).length} checks, ${failed} failures`);
process.exitCode = failed > 0 ? 1 : 0;
