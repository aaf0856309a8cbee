import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import spectral from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';

/*
 * Lints the OpenAPI document by the strictest rules of Redocly, and by the rules of Spectral for OpenAPI. No finding is ignored.
 */

const file = join(import.meta.dirname, '../packages/api/openapi.json');

const redocly = spawnSync('redocly', ['lint', '--extends=recommended-strict', file], { stdio: 'inherit' });

const linter = new spectral.Spectral();
linter.setRuleset({ ...rulesets.oas, extends: [] });
const findings = await linter.run(await readFile(file, 'utf8'));
for (const { code, message, path } of findings) console.error(`${code}: ${message} (${path.join('.')})`);

if (redocly.status !== 0 || findings.length > 0) process.exitCode = 1;
