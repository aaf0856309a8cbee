import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export const core = 'packages/core/src';
export const database = `${core}/database`;
export const identity = `${core}/identity`;
const contract = 'packages/api/src/contract';

export const wallTests = [`${database}/walls.test.ts`];
export const policyTests = [`${database}/policies.test.ts`];
const contractTest = (name: string): string => `${contract}/${name}.test.ts`;
export const accessTests = [contractTest('access')];
export const apiKeyTests = [contractTest('api-keys')];
export const visibilityTests = [contractTest('visibility')];
export const isolationTests = [contractTest('isolation')];

export const sources = (root: string): string[] =>
  globSync(`${core}/*/**/*.ts`, {
    cwd: root,
    exclude: ['**/*.test.ts', `${core}/testing/**`, '**/migrations/**'],
  }).sort();

/** The function around an offset. */
export const functionAt = (text: string, offset: number): string =>
  [...text.slice(0, offset).matchAll(/^(?:export )?(?:async )?(?:function|const) (\w+)/gm)].at(-1)?.[1] ?? 'module';

/** What stands in the parentheses that open at an offset, with them. */
export function enclosed(text: string, offset: number): string {
  for (let at = offset, depth = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')' && --depth === 0) return text.slice(offset, at + 1);
  }
  throw new Error(`There is no end to ${text.slice(offset, offset + 40)}`);
}

/** The whole call that begins at an offset. */
export function callAt(text: string, offset: number): string {
  const open = text.indexOf('(', offset);
  return text.slice(offset, open) + enclosed(text, open);
}

/** How much of their names, by their dots, two files share. */
function kinship(one: string, other: string): number {
  const names = basename(other).split('.');
  const different = basename(one)
    .split('.')
    .findIndex((name, at) => name !== names[at]);
  return different === -1 ? names.length : different;
}

/** How many folders two files share. */
function closeness(one: string, other: string): number {
  const names = other.split('/');
  return one.split('/').findIndex((name, at) => name !== names[at]);
}

interface TestFile {
  path: string;
  text: string;
}

const testFiles = new Map<string, TestFile[]>();

function testsOf(root: string): TestFile[] {
  let tests = testFiles.get(root);
  if (!tests) {
    const paths = globSync(`${core}/{access,identity,tenancy,work,activity}/**/*.test.ts`, { cwd: root });
    testFiles.set(root, (tests = paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))));
  }
  return tests;
}

/**
 * The tests of the services that may notice a change to a function, the likeliest first: those that name it, or import its file,
 * then those next to it, then those of its area; of these those that are called like it, and the smaller before the larger.
 */
export const testsAround = (root: string, file: string, within: string): string[] =>
  testsOf(root)
    .map(({ path, text }) => {
      const names = Number(text.includes(`${within}(`)) + Number(text.includes(`/${basename(file)}'`));
      return { path, likeness: [names, closeness(file, path), kinship(file, path), -text.length] };
    })
    .sort((a, b) => a.likeness.map((value, at) => (b.likeness[at] ?? 0) - value).find((by) => by !== 0) ?? 0)
    .map(({ path }) => path);

/** What a check is called: where it stands, and what it is asked. */
export const nameOf = (file: string, text: string, offset: number, call: string): string =>
  `${call.slice(0, call.indexOf('('))}: ${basename(file)} ${functionAt(text, offset)} ${call.slice(call.indexOf('(')).replaceAll(/\s+/g, ' ')}`;
