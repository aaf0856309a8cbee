import { readFile, writeFile } from 'node:fs/promises';
import { openApiDocument } from '../document.ts';

/*
 * Compares packages/api/openapi.json with the router. When they differ it rewrites the file and fails, so that nobody misses
 * the change. With --check, or where CI is set, it fails without rewriting.
 */

const name = 'packages/api/openapi.json';
const file = new URL('../../openapi.json', import.meta.url);

const written = await readFile(file, 'utf8').catch(() => '');
const current = `${JSON.stringify(openApiDocument(), null, 2)}\n`;

if (written === current) {
  console.log(`${name} is what the router declares.`);
} else {
  // oxlint-disable-next-line node/no-process-env -- a program, so nobody passes settings to it
  const onlyCheck = process.argv.includes('--check') || Boolean(process.env['CI']);
  if (!onlyCheck) await writeFile(file, current);
  console.error(`${name} ${onlyCheck ? 'differs from' : 'was rewritten after'} what the router declares.`);
  process.exitCode = 1;
}
