import fc from 'fast-check';
import { isJson, type Json } from '../../rest/json-schema.ts';
import { alternatives, type Field, itemsOf } from './fields.ts';
import type { Fields } from './wire.ts';

/** Strange values that a schema may accept. The code behind the schema must cope with them. */

const numberIn = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

const instants = fc.constantFrom(
  '1900-01-01T00:00:00Z',
  '9999-12-30T23:59:59.999Z',
  '2024-02-29T12:00:00.1234567+14:00',
  '2026-03-29T02:30:00-00:01',
  '1969-12-31T23:59:59.999Z',
);

const words = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    "'; drop table tasks; --",
    '"*" OR ( NEAR',
    '%_\\',
    '\u202eevil',
    '%00',
    '../../',
    '{{}}',
    '-',
    '\\u0000',
  ),
);

function textOf({ format, maxLength, minLength }: Json): fc.Arbitrary<unknown> {
  if (format === 'uuid') return fc.uuid().chain((id) => fc.constantFrom(id, id.toUpperCase()));
  if (format === 'date-time') return instants;
  if (format === 'email') return fc.emailAddress();
  if (format === 'uri') return fc.webUrl({ withQueryParameters: true });
  const longest = Math.min(numberIn(maxLength, 5000), 5000);
  const padded = words.map((text) => text.padEnd(numberIn(minLength, 0), 'x').slice(0, longest));
  return fc.oneof(padded, fc.constant('𝕏'.repeat(Math.floor(longest / 2))));
}

function arbitraryOf(schema: Json): fc.Arbitrary<unknown> {
  const [one = {}, ...others] = alternatives(schema);
  if (others.length > 0) return fc.oneof(...[one, ...others].map(arbitraryOf));
  if (Array.isArray(one['enum'])) return fc.constantFrom(...(one['enum'] as unknown[]));
  if ('const' in one) return fc.constant(one['const']);
  const max = numberIn(one['maximum'], Number.MAX_SAFE_INTEGER);
  const min = numberIn(one['minimum'], Number.MIN_SAFE_INTEGER);
  switch (one['type']) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.oneof(
        fc.maxSafeInteger().map((value) => Math.min(max, Math.max(min, value))),
        fc.constantFrom(min, max),
      );
    case 'number':
      return fc.oneof(fc.constantFrom(min, max, 0.01, -0, 1e-7), fc.double({ min, max, noNaN: true }));
    case 'string':
      return textOf(one);
    case 'array':
      return fc.array(arbitraryOf(itemsOf(one)), { maxLength: Math.min(numberIn(one['maxItems'], 6), 6) });
    case 'object':
      return fc.dictionary(words, fc.jsonValue(), { maxKeys: 5 });
    default:
      return fc.jsonValue();
  }
}

/** Variations of a valid input. Each field keeps its value, gets one that its schema may accept, or gets an arbitrary one. */
export function inputsAround(fields: readonly Field[], good: Fields): fc.Arbitrary<Fields> {
  const model = fields.map(({ name, schema }): [string, fc.Arbitrary<unknown>] => {
    const own = name in good ? [{ arbitrary: fc.constant(good[name]), weight: 4 }] : [];
    const described = { arbitrary: arbitraryOf(isJson(schema) ? schema : {}), weight: 4 };
    return [name, fc.oneof(...own, described, { arbitrary: fc.oneof(fc.jsonValue(), words), weight: 1 })];
  });
  const requiredKeys = fields.filter(({ required }) => required).map(({ name }) => name);
  return fc.record(Object.fromEntries(model), { requiredKeys });
}
