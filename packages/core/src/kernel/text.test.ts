import { describe, expect, it } from 'vitest';
import { keyOf } from './text.ts';

describe('the key of a name', () => {
  it.each([
    ['composed and decomposed letters', 'Caf\u00e9', 'CAFE\u0301'],
    ['marks in another order', 'e\u0323\u0302', '\u1ec7'],
    ['Hangul', '\uac00', '\u1100\u1161'],
    ['a Greek subscript', '\u1fbc', '\u03b1\u0345'],
    ['a dotted capital', '\u0130', 'I\u0307'],
    ['the sign of Angstrom', '\u212b', 'a\u030a'],
    ['characters that show nothing', 'Bug', 'B\u00adu\u200bg\u2060'],
    ['what is hidden between a letter and its accent', 'e\u200b\u0301', '\u00e9'],
  ])('is the same for %s', (_, one, other) => {
    expect(keyOf(one)).toBe(keyOf(other));
    expect(keyOf(keyOf(one))).toBe(keyOf(one));
  });

  it.each([
    ['accents', 'cafe', 'caf\u00e9'],
    ['widths', 'A', '\uff21'],
    ['joined and separate emoji', '\u{1f468}\u200d\u{1f467}', '\u{1f468}\u{1f467}'],
    ['Persian with and without a joiner', '\u0645\u06cc\u200c\u062e', '\u0645\u06cc\u062e'],
  ])('differs by %s', (_, one, other) => expect(keyOf(one)).not.toBe(keyOf(other)));
});
