import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cases, casesWhere, scenes } from './testing/cases.ts';
import { fieldsOf, takes } from './testing/fields.ts';
import type { Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import type { Fields } from './testing/wire.ts';

/*
 * Unicode has several forms of one text: é is one character, or e and an accent. What is compared is compared in one form, and what
 * was written is kept (fields.test.ts).
 */

const composed = () => `Café Å ${randomUUID()}`.normalize('NFC');
const decomposed = (text: string) => text.normalize('NFD');

/** The names that people give. Public operations create no name that must be unique, and may end the caller's session. */
const names = casesWhere(({ method, access }) => method !== 'GET' && access !== 'public').flatMap(([name, one]) =>
  fieldsOf(one.operation)
    .filter(({ name: field }) => takes(one.operation, field, composed()) && !takes(one.operation, field, 'a\nb'))
    .map(({ name: field }) => [name, field, one] as const),
);

/** The lists that search, each with the operation that creates what it lists. */
const searches = casesWhere(({ input }) => 'search' in input.shape).flatMap(([name, { operation }]) => {
  const create = cases.find(({ operation: { method, path } }) => method === 'POST' && path === operation.path);
  const named = names.find(([of]) => of === create?.name);
  return named ? [[name, ...named] as const] : [];
});

describe.each(scenes)('on %s', (_dialect, open) => {
  let scene: Scene;
  useScene(open, (opened) => ({ scene } = opened));

  const taken: string[] = [];

  it.each(names)('%s compares %s in one form', async (name, field, one) => {
    const { owner } = scene.acme.people;
    // What is created is created in one place, because names may be unique there only. What is changed is another one each time.
    const place = one.operation.method === 'POST' ? await one.input(owner, scene) : null;
    const send = async (text: string): Promise<string> => {
      const input = { ...(place ?? (await one.input(owner, scene))), [field]: text };
      const { status, problem } = await scene.callAs(owner, 'rest', name, input);
      expect(status).toBeLessThan(500);
      return problem?.code ?? 'passed';
    };
    const text = composed();
    expect(await send(text)).toBe('passed');
    const again = await send(text);
    if (again.endsWith('_taken')) taken.push(`${name} ${field}`);

    for (const other of [decomposed(text), decomposed(text.toUpperCase()), text.replace(' ', '\u200b ')])
      expect(await send(other), `sent ${JSON.stringify(other)}`).toBe(again);
  });

  it('meets names that are unique', () => {
    expect(taken).toEqual(
      expect.arrayContaining(
        ['tags', 'teams', 'departments'].flatMap((of) => [`${of}.create name`, `${of}.update name`]),
      ),
    );
  });

  it.each(searches)('%s finds what is written in another form', async (name, create, field, one) => {
    const { owner } = scene.acme.people;
    for (const [written, searched] of [
      [composed(), decomposed],
      [decomposed(composed()), (text: string) => text.normalize('NFC')],
    ] as const) {
      const input = { ...(await one.input(owner, scene)), [field]: written };
      const { data } = await scene.callAs(owner, 'rest', create, input);
      const { id } = data as Fields;
      const page = await scene.callAs(owner, 'rest', name, { search: searched(written) });
      expect(page.data).toMatchObject({ data: [{ id, [field]: written }] });
    }
  });
});
