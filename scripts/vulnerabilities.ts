import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/*
 * Asks the registry for vulnerable dependencies, by `pnpm audit`. High and critical ones that run in production fail the check. All
 * others are only printed, because users never run development tools. If the registry cannot be asked, the check says so and passes:
 * checks must work offline.
 */

interface Advisory {
  module_name: string;
  severity: string;
  title: string;
  url: string;
  findings: { version: string; dev: boolean }[];
}

const severe = ['high', 'critical'];
const timeoutMs = 20_000;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isAdvisory = (value: unknown): value is Advisory =>
  isRecord(value) &&
  ['module_name', 'severity', 'title', 'url'].every((field) => typeof value[field] === 'string') &&
  Array.isArray(value['findings']);

/** Null if there was no usable answer. */
function advisoriesIn(output: string): Advisory[] | null {
  try {
    const report: unknown = JSON.parse(output);
    if (!isRecord(report) || !isRecord(report['advisories'])) return null;
    const all = Object.values(report['advisories']);
    return all.every(isAdvisory) ? all : null;
  } catch {
    return null;
  }
}

const { stdout } = spawnSync('pnpm', ['audit', '--json', '--config.fetch-retries=0', ...process.argv.slice(2)], {
  cwd: join(import.meta.dirname, '..'),
  encoding: 'utf8',
  timeout: timeoutMs,
});
const advisories = advisoriesIn(stdout);
if (advisories === null) console.log('not checked: the registry does not answer questions about vulnerabilities');
else {
  const concerning = (advisory: Advisory): boolean =>
    severe.includes(advisory.severity) && advisory.findings.some(({ dev }) => !dev);
  for (const advisory of advisories) {
    const { module_name: name, severity, title, url, findings } = advisory;
    const versions = findings.map(({ version }) => version).join(', ');
    const where = findings.every(({ dev }) => dev) ? 'development only' : 'production';
    console.log(`${severity}, ${where}: ${name} ${versions}: ${title} (${url})`);
  }
  if (advisories.length === 0) console.log('no known vulnerabilities');
  if (advisories.some(concerning)) process.exitCode = 1;
}
