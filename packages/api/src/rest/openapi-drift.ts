import { readFile, writeFile } from 'node:fs/promises';
import { openApiDocument } from '../document.ts';

/*
 * Holds packages/api/openapi.json against the router: rewrites it when they differ, and fails so that nobody misses it. With
 * --check, or where CI is set, it only fails.
 */

const name = 'packages/api/openapi.json';
const file = new URL('../../openapi.json', import.meta.url);

const written = await readFile(file, 'utf8').catch(() => '');
const current = `${JSON.stringify(openApiDocument(), null, 2)}\n`;

if (written === current) {
  console.log(`${name} is what the router declares.`);
} else {
  // oxlint-disable-next-line node/no-process-env -- a program of its own, which nobody passes settings to
  const onlyCheck = process.argv.includes('--check') || Boolean(process.env['CI']);
  if (!onlyCheck) await writeFile(file, current);
  console.error(`${name} ${onlyCheck ? 'differs from' : 'was rewritten after'} what the router declares.`);
  process.exitCode = 1;
}
