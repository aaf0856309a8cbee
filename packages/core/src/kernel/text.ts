import { z } from 'zod';

/** Characters that show nothing. Joiners, variation selectors and tags are kept: they change how their neighbors look. */
const showingNothing = /(?![\u200c\u200d\p{VS}\u{e0020}-\u{e007f}])\p{DI}/gu;

/**
 * The form in which names, usernames and addresses are compared and sorted: lower case, composed (NFC), without characters that show
 * nothing. What was written is stored beside it.
 */
export const keyOf = (text: string): string =>
  text.normalize('NFC').replace(showingNothing, '').toLowerCase().normalize('NFC');

/**
 * Letters and digits whose marks searches ignore: accents, and the points of Hebrew and Arabic, which few people write. The marks of
 * other scripts are vowels and tell words apart.
 */
const accented =
  /([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}\p{N}])\p{M}+/gu;

/** Persian writes a non-joiner where others write a space. */
const persianSpace = /(?<=\p{Script=Arabic})\u200c/gu;

/** All that shows nothing, except the space without width, which separates words. */
const ignorable = /(?!\u200b)\p{DI}/gu;

/** Converts text to lower case, without accents and of one width, the same on every database, to search it. */
export const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(persianSpace, ' ')
    .replace(ignorable, '')
    .replace(accented, '$1')
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFC');

/** Cuts a text to at most so many bytes of UTF-8, between two characters. */
export function cutToBytes(text: string, most: number): string {
  if (text.length * 3 <= most) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  let end = most;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

const unstorable = '\u0000';

/** A class of characters in the patterns of the document, by what it excludes. All dialects of regular expressions read the escapes. */
const without = (characters: string): string => `[^${characters}]`;

/** What a line refuses anywhere: control characters, ends of lines, and characters that reorder the text around them. */
const outOfLine = String.raw`\x00-\x1F\x7F-\x9F\u2028-\u202E\u2066-\u206F\uFFF9-\uFFFB`;

/** A character of which something shows. Patterns cannot name the characters beyond U+FFFF of which nothing shows. */
const shown = without(
  String.raw`\s\x00-\x1F\x7F-\x9F\xAD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB`,
);

/** What the document says about texts. The checks below decide. */
const patterns = {
  text: String.raw`^[^\x00]*$`,
  prose: String.raw`^[^\x00]*${shown}[^\x00]*$`,
  line: String.raw`^\s*${without(outOfLine)}*${shown}${without(outOfLine)}*\s*$`,
};

/** Counts characters as JSON Schema does: an emoji that JavaScript stores in two units is one. */
const isLonger = (value: string, max: number): boolean =>
  value.length > max && (value.length > 2 * max || Array.from(value).length > max);

/**
 * Text that every database can store and every client can read back: well-formed Unicode (no lone surrogates) without NUL.
 * `max` counts characters (code points).
 */
export function text(min: number, max: number) {
  return z
    .string()
    .min(min)
    .check(({ value, issues }) => {
      if (isLonger(value, max))
        issues.push({ code: 'too_big', origin: 'string', maximum: max, inclusive: true, input: value });
    })
    .refine((value) => !value.includes(unstorable) && value.isWellFormed(), {
      message: 'Text must be well-formed Unicode without NUL characters.',
    })
    .meta({ maxLength: max, pattern: patterns.text });
}

/** Matches a character of which something shows. A blank cell of Braille and a musical null head show nothing. */
const showing = /[^\p{White_Space}\p{DI}\p{Cc}\u2800\ufff9-\ufffb\u{1d159}]/u;

/** Free text of any lines. Text of which nothing shows is refused. */
export const prose = (max: number) =>
  text(1, max)
    .refine((value) => showing.test(value), 'Must not be blank.')
    .meta({ pattern: patterns.prose });

/** Embeddings, overrides, isolates and annotations: they reorder the text beside the name too, wherever it is shown. */
const reordering = /[\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]/;

/**
 * One line of text, trimmed. Text of which nothing shows is refused, and so are characters that reorder the text around them.
 * Joiners and marks of direction stay: emoji, Persian, Indic and Hebrew need them.
 */
export function line(max: number) {
  return text(0, max)
    .trim()
    .min(1, { message: 'Must not be blank.' })
    .refine((value) => value === '' || showing.test(value), { message: 'Must not be blank.' })
    .refine((value) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value), {
      message: 'Must be one line without control characters.',
    })
    .refine((value) => !reordering.test(value), {
      message: 'Must not contain characters that change the direction of text.',
    })
    .meta({ pattern: patterns.line });
}
