import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tables } from '../../packages/core/src/platform.ts';
import { mutationsOf } from './index.ts';
import { patched } from './mutation.ts';
import { Switches } from './switches.ts';

const root = join(import.meta.dirname, '../..');
const mutations = mutationsOf(root);

test('every table with a wall has a mutation of its policy', () => {
  const policies = mutations.filter(({ name }) => name.startsWith('row-level security: '));
  expect(policies.map(({ name }) => name.replace('row-level security: ', ''))).toEqual(
    tables.filter(({ wall }) => wall !== '').map(({ name }) => name),
  );
});

test('checks are found by their form', () => {
  const names = mutations.map(({ name }) => name);
  for (const name of [
    'refuseBeyondHeld: api-key.service.ts createApiKey (principal, scopes)',
    'refused: seats.ts requireSeat if taken >= max',
    'refused: organization.ownership.ts transferOwnership if !(await isActiveUser(unit, userId))',
    "narrowed: api-key.authenticate.ts keyByHash .where('api_keys.is_active', '=', true)",
    "decide: task.service.ts loadTask (principal, 'task:read', subject)",
  ])
    expect(names).toContain(name);
});

test('what switches checks off while the code runs leaves it readable', () => {
  const switches = new Switches();
  for (const { patches, masks } of mutations) switches.of([...patches, ...masks]);
  const texts = switches.texts(root);
  expect(texts.size).toBeGreaterThan(40);
  for (const text of texts.values()) {
    expect(() => stripTypeScriptTypes(text)).not.toThrow();
    expect(text).toContain('globalThis.switchedOff');
  }
});

test('no two mutations have one name', () => {
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
});

test.each(mutations.map((mutation) => [mutation.name, mutation] as const))('%s still applies', (_name, mutation) => {
  expect(mutation.patches).not.toEqual([]);
  const files = patched(root, [...mutation.masks, ...mutation.patches]);
  expect([...files.keys()]).toEqual(expect.arrayContaining(mutation.patches.map(({ file }) => file)));
});
