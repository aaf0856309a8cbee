import { readFile, writeFile } from 'node:fs/promises';
import { eventTypes } from '@tenon/core';
import { openApiDocument } from './document.ts';
import { eventPage } from './event-page.ts';

/*
 * Compares the files that are generated from declarations with what is declared. When one differs it is rewritten and the
 * program fails, so that nobody misses the change. With --check, or where CI is set, it fails without rewriting.
 */

const generated: Record<string, () => string | Promise<string>> = {
  'packages/api/openapi.json': async () => `${JSON.stringify(await openApiDocument(), null, 2)}\n`,
  'docs/events.md': () => eventPage([...eventTypes.values()]),
};

// oxlint-disable-next-line node/no-process-env -- a program, so nobody passes settings to it
const onlyCheck = process.argv.includes('--check') || Boolean(process.env['CI']);

for (const [name, make] of Object.entries(generated)) {
  const file = new URL(`../../../${name}`, import.meta.url);
  const written = await readFile(file, 'utf8').catch(() => '');
  const current = await make();
  if (written === current) {
    console.log(`${name} is up to date.`);
    continue;
  }
  if (!onlyCheck) await writeFile(file, current);
  console.error(`${name} ${onlyCheck ? 'differs from' : 'was rewritten after'} the declarations.`);
  process.exitCode = 1;
}
