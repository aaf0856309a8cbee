import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface TestFile {
  path: string;
  /** Whether it runs on PostgreSQL only. */
  onPostgres: boolean;
}

/** The tests of the domain and of the API, without those of types: a mutation changes no types. */
export function testFilesOf(root: string): TestFile[] {
  const paths = globSync('packages/{core,api}/src/**/*.test.ts', { cwd: root, exclude: ['**/types.test.ts'] }).sort();
  return paths.map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return { path, onPostgres: text.includes("'postgresql'") && !/\bdialects\b/.test(text) };
  });
}

/** How many folders two files share. */
export function closeness(one: string, other: string): number {
  const names = other.split('/');
  return one.split('/').findIndex((name, at) => name !== names[at]);
}

/** How far a test file is from a source file. 0: in its folder. 1: in its package. 2: elsewhere. */
export function distance(test: string, file: string): 0 | 1 | 2 {
  if (dirname(test) === dirname(file)) return 0;
  return closeness(test, file) > 1 ? 1 : 2;
}
