import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tables } from '../../packages/core/src/platform.ts';
import { mutationsOf } from './index.ts';
import { patched } from './mutation.ts';

const root = join(import.meta.dirname, '../..');
const mutations = mutationsOf(root);

test('every table with a wall has a mutation of its policy', () => {
  const policies = mutations.filter(({ name }) => name.startsWith('row-level security: '));
  expect(policies.map(({ name }) => name.replace('row-level security: ', ''))).toEqual(
    tables.filter(({ wall }) => wall !== '').map(({ name }) => name),
  );
});

test('no two mutations have one name', () => {
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
});

test.each(mutations.map((mutation) => [mutation.name, mutation] as const))('%s still applies', (_name, mutation) => {
  expect(mutation.patches).not.toEqual([]);
  const files = patched(root, [...mutation.masks, ...mutation.patches]);
  expect([...files.keys()]).toEqual(expect.arrayContaining(mutation.patches.map(({ file }) => file)));
});
