import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

test('members are in the order of their UTF-16 code units', () => {
  // From RFC 8785, section 3.2.3.
  const value = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  expect(
    Object.values(
      JSON.parse(
        `[${canonicalJson(value)
          .slice(1, -1)
          .replaceAll(/"[^"]*":/g, '')}]`,
      ),
    ),
  ).toEqual([
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
  expect(canonicalJson({ 9: 'b', 10: 'a' })).toBe('{"10":"a","9":"b"}');
});

test('everything else is as JSON.stringify writes it', () => {
  const at = new Date('2026-01-31T12:00:00.000Z');
  expect(canonicalJson({ z: [1e21, -0, null, undefined, { b: true, a: at }], none: undefined, y: 'ö"' })).toBe(
    '{"y":"ö\\"","z":[1e+21,0,null,null,{"a":"2026-01-31T12:00:00.000Z","b":true}]}',
  );
  expect([canonicalJson(undefined), canonicalJson({}), canonicalJson([])]).toEqual(['null', '{}', '[]']);
});
