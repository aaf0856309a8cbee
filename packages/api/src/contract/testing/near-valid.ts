import fc from 'fast-check';
import { isJson, type Json } from '../../rest/json-schema.ts';
import { alternatives, itemsOf } from './fields.ts';

/** Values at the limits of a schema and a little beyond, of which the schema allows some. */

/** The same values in every run. */
const seed = 15;

const numberOf = (value: unknown): number[] => (typeof value === 'number' ? [value] : []);

const writings = [
  '',
  ' ',
  '\t\n',
  'a',
  'Ab 9',
  ' padded ',
  'a\nb',
  'a\u0000b',
  '\u007f',
  '\u200b',
  '\u3164',
  '\u2800',
  'a\u202eb',
  'a\u2028b',
  '\u0645\u06cc\u200c\u062e',
  '\u{1d54f}',
  '0',
  '-',
  '_.',
  'null',
  'true',
  'me',
  'none',
  'new',
  '*',
];

const byFormat: Readonly<Record<string, readonly string[]>> = {
  uuid: [
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '0190a0a0-0000-0000-0000-000000000001',
    '0190A0A0-0000-7000-8000-00000000000F',
    '0190a0a0-0000-9000-f000-000000000001',
    '{0190a0a0-0000-7000-8000-000000000001}',
    '0190a0a0000070008000000000000001',
  ],
  'date-time': [
    ...['0000', '0001', '1582', '1899', '1900', '1909', '1910', '1970', '2024', '8999', '9000', '9999'].flatMap(
      (year) => [
        `${year}-01-01T00:00:00Z`,
        `${year}-12-31T23:59:59.999Z`,
        `${year}-01-01T00:00:00+14:00`,
        `${year}-12-31T23:59:59-12:00`,
        `${year}-02-29T12:00:00.123456789+05:30`,
      ],
    ),
    '+010000-01-01T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-31t09:00:00z',
    '2026-01-31 09:00:00Z',
    '2026-01-31T09:00:00',
    '2026-01-31T24:00:00Z',
    '2016-12-31T23:59:60Z',
    '2026-01-31',
  ],
  email: [
    'ada@example.com',
    'ADA@EXAMPLE.COM',
    'a@b.c',
    'a!b@example.com',
    'a..b@example.com',
    "o'neil+x@sub.example.org",
    '"a b"@example.com',
    'a@localhost',
    'a@[127.0.0.1]',
  ],
  uri: [
    'https://example.com',
    'https://example.com:8443/a/b?c=d',
    'https://example.com/#part',
    'https://ada:secret@example.com/',
    'http://localhost:3000',
    'https://[2001:db8::1]/',
    'ftp://example.com/a',
    'urn:example:a',
    'mailto:ada@example.com',
    'https://',
    '//example.com',
  ],
};

/** Texts of a pattern. Without anchors it could be anywhere in a text. */
function matching(pattern: string, most: number): string[] {
  const arbitrary = fc.stringMatching(new RegExp(pattern), { maxLength: Math.min(most, 100) });
  return fc.sample(arbitrary, { numRuns: 6, seed });
}

function texts({ format, pattern, minLength, maxLength, examples }: Json): unknown[] {
  const [most = 200] = numberOf(maxLength);
  const lengths = [...numberOf(minLength), most].flatMap((length) => [length - 1, length, length + 1]);
  return [
    ...writings,
    ...(typeof format === 'string' ? (byFormat[format] ?? []) : []),
    ...(typeof pattern === 'string' ? matching(pattern, most) : []),
    ...(Array.isArray(examples) ? (examples as unknown[]) : []),
    ...lengths
      .filter((length) => length > 0 && length <= 70_000)
      .flatMap((length) => ['x'.repeat(length), '0'.repeat(length), '\u{1d54f}'.repeat(length)]),
  ];
}

function numbers({ minimum, maximum }: Json): unknown[] {
  const limits = [...numberOf(minimum), ...numberOf(maximum)].flatMap((limit) => [limit - 1, limit, limit + 1]);
  return [...limits, 0, -0, 1, 0.01, 0.07, 1.13, 0.005, 1e-9, 0.1 + 0.2, -1, 2 ** 31, 2 ** 53, 1e21];
}

function lists(schema: Json): unknown[] {
  const items = nearValid(itemsOf(schema));
  const [most = 3] = numberOf(schema['maxItems']);
  const { contains } = schema;
  const needed = isJson(contains) && 'const' in contains ? [contains['const']] : [];
  const some = Array.from({ length: most + 1 }, (_, index) => items[index % items.length]);
  const ids = Array.from(
    { length: most + 1 },
    (_, index) => `0190a0a0-0000-7000-8000-${String(index).padStart(12, '0')}`,
  );
  return [
    [],
    ...items.flatMap((item) => [[item], [...needed, item]]),
    ...items.map((item) => [item, item]),
    ...[most, most + 1].flatMap((length) => [some.slice(0, length), ids.slice(0, length)]),
    some.filter((item, index) => some.indexOf(item) === index).slice(0, most),
  ];
}

function objects(schema: Json): unknown[] {
  const { properties, required } = schema;
  const fields = Object.entries(isJson(properties) ? properties : {});
  const names: unknown[] = Array.isArray(required) ? required : [];
  const values = new Map(fields.map(([name, field]) => [name, isJson(field) ? nearValid(field) : []]));
  const least = Object.fromEntries(
    fields.filter(([name]) => names.includes(name)).map(([name]) => [name, goodOf(values, name)]),
  );
  return [
    {},
    least,
    { ...least, unknown: 'x' },
    { ...least, '': 1 },
    { ...least, ['x'.repeat(65)]: 1 },
    { ...least, constructor: 1 },
    ...[...values].flatMap(([name, candidates]) => candidates.map((value) => ({ ...least, [name]: value }))),
  ];
}

/** A value for a member beside the one that is tried: the first that looks ordinary. */
const goodOf = (values: ReadonlyMap<string, readonly unknown[]>, name: string): unknown => {
  const candidates = values.get(name) ?? [];
  return candidates.find((value) => value !== '' && value !== null && value !== ' ') ?? null;
};

/** Values around what a schema allows. */
export function nearValid(schema: Json): unknown[] {
  return alternatives(schema).flatMap((one) => {
    if (Array.isArray(one['enum'])) return [...(one['enum'] as unknown[]), 'no-such-choice', null];
    if ('const' in one) return [one['const'], 'no-such-choice'];
    switch (one['type']) {
      case 'null':
        return [null];
      case 'boolean':
        return [true, false, 'true', 0];
      case 'integer':
      case 'number':
        return [...numbers(one), '1', null];
      case 'string':
        return [...texts(one), 1, null];
      case 'array':
        return [...lists(one), {}, 'x', null];
      case 'object':
        return [...objects(one), [], 'x', null];
      default:
        return [null, 1, 'x', {}, []];
    }
  });
}
