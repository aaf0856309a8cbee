import { expect, it } from 'vitest';
import { cases, type Case } from './testing/cases.ts';
import { fieldsOf } from './testing/fields.ts';
import { openScene, type Person, type Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import { surfacesOf } from './testing/wire.ts';

/*
 * Names that every object of JavaScript has. A look-up of client text that passes through a prototype finds a function there, and
 * fails with 500.
 */
const names = ['constructor', '__proto__'];

let scene: Scene;
let owner: Person;
useScene(
  () => openScene('sqlite'),
  (opened) => ({ scene, owner } = opened),
);

it.each(cases.map((one): [string, Case] => [one.name, one]))('%s takes them for ordinary text', async (name, one) => {
  const good = await one.input(owner, scene);
  const fields = fieldsOf(one.operation).map((field) => field.name);
  for (const text of names) {
    const inputs = [
      ...fields.map((field) => ({ ...good, [field]: text })),
      Object.fromEntries([...Object.entries(good), [text, text]]),
    ];
    for (const surface of surfacesOf(one.operation)) {
      for (const input of inputs) {
        const { status, text: body } = await scene.callAs(owner, surface, name, input);
        expect(status, `${surface} ${JSON.stringify(input)}: ${body}`).toBeLessThan(500);
      }
      for (const header of ['x-organization-id', 'if-match', 'dry-run', 'idempotency-key', 'cookie', 'authorization']) {
        const { status } = await scene.callAs(owner, surface, name, good, { [header]: text, 'dry-run': 'true' });
        expect(status, `${surface} ${header}: ${text}`).toBeLessThan(500);
      }
    }
  }
});
