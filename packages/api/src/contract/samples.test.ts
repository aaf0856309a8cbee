import { expect, test } from 'vitest';
import { fieldsOf, namesById } from './testing/fields.ts';
import { findSamples } from './testing/samples.ts';
import { openScene, operations } from './testing/scene.ts';

const samples = await findSamples();

test('every operation has a sample, and every sample an operation', () => {
  const without = [...operations.keys()].filter((name) => !samples.has(name));
  expect(
    without,
    `The tests of the contract need to know how to call ${without.join(', ')}. Beside the router there is, or should be, a file *.samples.ts (look at work/task.samples.ts): it exports samplesOf('<router>', { <procedure>: { input } }).`,
  ).toEqual([]);
  expect([...samples.keys()].filter((name) => !operations.has(name))).toEqual([]);
});

test('every sample gives all required fields, and every field that names something by its id', async () => {
  const scene = await openScene('sqlite');
  try {
    const lacking: string[] = [];
    for (const [name, operation] of operations) {
      await scene.settle(samples.get(name)?.upsets ?? false);
      const input = await samples.get(name)?.input(scene.acme.people.owner, scene);
      const given = typeof input === 'object' && input !== null ? Object.keys(input) : [];
      for (const field of fieldsOf(operation))
        if ((field.required || namesById(field)) && !given.includes(field.name)) lacking.push(`${name}: ${field.name}`);
    }
    expect(lacking, 'Add these fields to the samples: what is not in them is not tested.').toEqual([]);
  } finally {
    await scene.dispose();
  }
});
