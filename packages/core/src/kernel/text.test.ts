import { describe, expect, it } from 'vitest';
import { keyOf, line, prose, text } from './text.ts';

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

describe('writing', () => {
  const kept = [
    ['an emoji of several', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\ufe0f'],
    ['a flag of tags', '\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}'],
    ['Persian', '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645'],
    ['an Indic conjunct', '\u0915\u094d\u200d\u0937'],
    ['Hebrew with a mark of direction', 'C++\u200f \u05d5'],
    ['a soft hyphen', 'Donau\u00addampf'],
  ] as const;

  it.each(kept)('takes %s as it is', (_, written) => {
    for (const schema of [line(100), prose(100), text(1, 100)]) expect(schema.parse(written)).toBe(written);
  });

  it('counts an emoji as one character', () => {
    for (const schema of [line(2), prose(2), text(1, 2)]) {
      expect(schema.parse('\u{1f600}\u{1f600}')).toBe('\u{1f600}\u{1f600}');
      for (const written of ['\u{1f600}\u{1f600}!', 'abc', 'x'.repeat(99)])
        expect(schema.safeParse(written).error?.issues.map(({ code }) => code)).toEqual(['too_big']);
    }
  });

  it('takes in prose what a line refuses', () => {
    for (const written of ['\u202bab\u202c', '\u2067ab\u2069', 'a\nb', 'a\tb']) {
      expect(prose(100).parse(written)).toBe(written);
      expect(line(100).safeParse(written).error?.issues).toHaveLength(1);
    }
  });

  it('says once that it is blank', () => {
    for (const schema of [line(100), prose(100)])
      for (const written of [' ', '\u3000', '\u200b', '\u2800', '\u{1d159}', '\ufeff\u180e'])
        expect(schema.safeParse(written).error?.issues.map(({ message }) => message)).toEqual(['Must not be blank.']);
    expect(
      line(100)
        .safeParse('')
        .error?.issues.map(({ message }) => message),
    ).toEqual(['Must not be blank.']);
  });
});
