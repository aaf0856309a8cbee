import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const lockfiles = ['pnpm-lock.yaml', 'clients/pnpm-lock.yaml'];

// A URL or a path in a lockfile would make every clone depend on one registry or one machine.
const bound = lockfiles.flatMap((name) =>
  readFileSync(join(import.meta.dirname, '..', name), 'utf8')
    .split('\n')
    .map((text, index) => `${name}:${index + 1}: ${text.trim()}`)
    .filter((line) => /https?:\/\/|tarball:|file:\//.test(line)),
);
for (const line of bound) console.error(line);
process.exitCode = bound.length > 0 ? 1 : 0;
