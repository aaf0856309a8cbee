import { globSync } from 'node:fs';
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import config from '../.dependency-cruiser.mjs';

const folders = ['apps', 'packages', 'benchmarks', 'examples', 'scripts', 'e2e'];

export interface Boundaries {
  violations: { rule: string; from: string; to: string }[];
  /** Source files that dependency-cruiser did not read. It reports no violations for them either. */
  unseen: string[];
  seen: number;
}

/** Checks every import under `root` against the rules of .dependency-cruiser.mjs. */
export async function checkBoundaries(root: string): Promise<Boundaries> {
  const files = folders
    .flatMap((folder) => globSync(`${folder}/**/*.{ts,mjs}`, { cwd: root, exclude: ['**/node_modules', '**/dist'] }))
    .map((file) => file.replaceAll('\\', '/'));
  const { output } = await cruise(files, {
    ...config.options,
    baseDir: root,
    ruleSet: { forbidden: config.forbidden },
    validate: true,
  });
  if (typeof output === 'string') throw new Error(output);

  const cruised = new Set(output.modules.map((module) => module.source));
  return {
    violations: output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
    unseen: files.filter((file) => !cruised.has(file)),
    seen: files.length,
  };
}

if (import.meta.main) {
  const { violations, unseen, seen } = await checkBoundaries(join(import.meta.dirname, '..'));
  for (const { rule, from, to } of violations) console.error(`${rule}: ${from} → ${to}`);
  for (const file of unseen) console.error(`not read: ${file}`);
  console.log(`${seen} modules`);
  process.exitCode = violations.length + unseen.length > 0 || seen === 0 ? 1 : 0;
}
