import { globSync } from 'node:fs';
import { basename, dirname } from 'node:path';

export const core = 'packages/core/src';
export const database = `${core}/database`;
export const identity = `${core}/identity`;
const contract = 'packages/api/src/contract';

export const wallTests = [`${database}/walls.test.ts`];
export const policyTests = [`${database}/policies.test.ts`];
const contractTest = (name: string): string => `${contract}/${name}.test.ts`;
export const accessTests = [contractTest('access')];
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

/** The whole call that begins at an offset. */
export function callAt(text: string, offset: number): string {
  for (let at = text.indexOf('(', offset), depth = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')' && --depth === 0) return text.slice(offset, at + 1);
  }
  throw new Error(`There is no end to the call of ${text.slice(offset, offset + 40)}`);
}

export const testsBeside = (root: string, file: string): string[] =>
  globSync(`${dirname(file)}/*.test.ts`, { cwd: root }).sort();

/** What a check is called: where it stands, and what it is asked. */
export const nameOf = (file: string, text: string, offset: number, call: string): string =>
  `${call.slice(0, call.indexOf('('))}: ${basename(file)} ${functionAt(text, offset)} ${call.slice(call.indexOf('(')).replaceAll(/\s+/g, ' ')}`;
