import { groupsOf } from '@tenon/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../operation.ts';
import { cases, type Case } from './testing/cases.ts';
import { DescribedInput } from './testing/described.ts';
import { fieldsOf, namesById } from './testing/fields.ts';
import { nearValid } from './testing/near-valid.ts';
import { openScene, type Person, type Scene } from './testing/scene.ts';
import { useScene } from './testing/suite.ts';
import type { Fields } from './testing/wire.ts';

/*
 * The document says exactly what the server takes. Inputs at the limits of each field are compared: what the document allows, the schema
 * takes, and what it forbids, the schema refuses. Then some of what is allowed is sent.
 */

/** The fields in which the document allows what a schema refuses, because OpenAPI cannot say it. */
const unsaid: Readonly<Record<string, string>> = {
  timezone: 'The names are those of the IANA database.',
  fromSequence: 'Only with `sort=sequence`: a parameter of a query cannot ask for another one.',
  toSequence: 'The same.',
};

/** The fields and formats in which the document forbids what the schema takes. */
const lenient: Readonly<Record<string, string>> = {
  'date-time': 'The document allows offsets only in years of which no instant is too early or too late.',
  email: 'The format knows more about the names of hosts.',
  uri: 'The format has no unusual characters.',
  redirectTo: 'The service checks it.',
  password: 'The service checks its length.',
  newPassword: 'The service checks its length.',
};

const accepts = (operation: Operation, input: Fields): boolean => {
  try {
    operation.parse({ value: input });
    return true;
  } catch {
    return false;
  }
};

const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 80 ? `${text.slice(0, 80)}… (${text.length})` : text;
};

/** The fields in which the server refuses what the document and the schema allow: it alone knows what they name, or how it is set up. */
const known: Readonly<Record<string, string>> = {
  token: 'It sent no such token.',
  response: 'It gave another challenge.',
  currentPassword: 'The user has another one.',
  password: 'It is a common one, or the address of the user.',
  newPassword: 'It is a common one, or the address of the user.',
  redirectTo: 'The allowed origins are a setting.',
  url: 'The host has a private address, as far as the settings do not allow it.',
  validTo: 'It is not in the future.',
  expiresAt: 'It is not in the future.',
  lastEventId: 'There is no such event yet.',
  after: 'There is no such event yet.',
  clientSecret: 'Another issuer needs the secret anew.',
};

/** Of the values that a field may have, those that are sent. An id stays, so that it names something. */
const sending = (values: ReadonlyMap<string, readonly unknown[]>, good: Fields): fc.Arbitrary<Fields> =>
  fc
    .record(
      Object.fromEntries(
        [...values].flatMap(([name, all]) => (all.length > 0 ? [[name, fc.constantFrom(...all)]] : [])),
      ),
      {
        requiredKeys: [],
      },
    )
    .map((changed) => ({ ...good, ...changed }));

describe('the document', () => {
  let scene: Scene;
  let owner: Person;
  useScene(
    () => openScene('sqlite'),
    (opened) => ({ scene, owner } = opened),
  );

  /** The values that both allow, of each field that was compared. Fields that are described alike are compared once. */
  const compared = new Map<string, unknown[]>();

  /** Compares the document with the schema. @returns the values that both allow, by field */
  function compare({ operation }: Case, described: DescribedInput, good: Fields): Map<string, unknown[]> {
    const groups = groupsOf(operation.input) ?? [];
    const wrong: string[] = [];
    const shared = new Map<string, unknown[]>();
    for (const [field, schema] of described.fields) {
      const key = `${field} ${JSON.stringify(schema)}`;
      const formats = [field, ...Array.from(key.matchAll(/"format":"([^"]+)"/g), ([, one = '']) => one)];
      const values = compared.get(key) ?? [];
      shared.set(field, values);
      if (values.length > 0) continue;
      compared.set(key, values);
      const rivals = groups.some((group) => group.includes(field))
        ? groups.filter((group) => !group.includes(field))
        : [];
      const others = Object.fromEntries(Object.entries(good).filter(([name]) => !rivals.flat().includes(name)));
      for (const value of nearValid(schema)) {
        const input = { ...others, [field]: value };
        const [allowed, accepted] = [described.allows(input), accepts(operation, input)];
        if (allowed && accepted) values.push(value);
        if (allowed && !accepted && !(field in unsaid)) wrong.push(`${field} allows ${short(value)}`);
        if (!allowed && accepted && !formats.some((one) => one in lenient))
          wrong.push(`${field} forbids ${short(value)}`);
      }
    }
    expect(wrong).toEqual([]);
    return shared;
  }

  it.each(cases.map((one) => [one.name, one] as const))('%s takes what is allowed, and no more', async (name, one) => {
    const { operation } = one;
    const described = new DescribedInput(operation);
    const good = await one.input(owner, scene);
    expect(described.allows(good), `the sample ${short(good)}`).toBe(true);
    const values = compare(one, described, good);
    for (const field of fieldsOf(operation)) if (namesById(field) || field.name === 'cursor') values.delete(field.name);
    const headers = operation.mutationHeaders ? { 'dry-run': 'true' } : {};
    for (const input of fc.sample(sending(values, good), { numRuns: 3, seed: 15 })) {
      if (!described.allows(input)) continue;
      const { status, problem, text } = await scene.callAs(owner, 'rest', name, input, headers);
      expect(status, `${short(input)}: ${text}`).toBeLessThan(500);
      if (problem?.code !== 'validation_failed') continue;
      const surprising = problem.errors?.filter(({ path }) => !(path.replace(/.*\//, '') in known));
      expect(surprising, `${short(input)}: ${text}`).toEqual([]);
    }
  });
});
