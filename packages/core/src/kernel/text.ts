import { z } from 'zod';

/** Invisible characters. Joiners, variation selectors and tags are kept, because they change how their neighbors look. */
const showingNothing = /(?![\u200c\u200d\p{VS}\u{e0020}-\u{e007f}])\p{DI}/gu;

/**
 * The form in which names, usernames and addresses are compared and sorted: lower case, composed (NFC), without invisible characters. The
 * original text is stored beside it.
 */
export const keyOf = (text: string): string =>
  text.normalize('NFC').replace(showingNothing, '').toLowerCase().normalize('NFC');

/**
 * Letters and digits whose marks searches ignore: accents, and the points of Hebrew and Arabic, which few people write. The marks of other
 * scripts are vowels, which distinguish words.
 */
const accented =
  /([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}\p{N}])\p{M}+/gu;

/** Persian writes a non-joiner where others write a space. */
const persianSpace = /(?<=\p{Script=Arabic})\u200c/gu;

/** All invisible characters, except the zero-width space, which separates words. */
const ignorable = /(?!\u200b)\p{DI}/gu;

/** Converts text for searching to lower case, without accents and of one width. The result is the same on every database. */
export const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(persianSpace, ' ')
    .replace(ignorable, '')
    .replace(accented, '$1')
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFC');

/** Writes the first letter of a word or a sentence as a capital. */
export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Writes the words of a name together, each with a capital: `TaskCreated` for `task.created` or `task_created`. */
export const pascalCased = (name: string): string => name.split(/[._]/).map(capitalized).join('');

/** Cuts a text between two characters to at most `most` bytes of UTF-8. */
export function cutToBytes(text: string, most: number): string {
  if (text.length * 3 <= most) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  let end = most;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

const unstorable = '\u0000';

/** A negated class of characters for the patterns of the document. All dialects of regular expressions support its escapes. */
const without = (characters: string): string => `[^${characters}]`;

/** Characters that a line refuses anywhere: control characters, ends of lines, and characters that reorder the text around them. */
const outOfLine = String.raw`\x00-\x1F\x7F-\x9F\u2028-\u202E\u2066-\u206F\uFFF9-\uFFFB`;

/** A visible character. Patterns cannot name the invisible characters beyond U+FFFF. */
const shown = without(
  String.raw`\s\x00-\x1F\x7F-\x9F\xAD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB`,
);

/** The patterns of texts in the document. The checks below decide. */
const patterns = {
  text: String.raw`^[^\x00]*$`,
  prose: String.raw`^[^\x00]*${shown}[^\x00]*$`,
  line: String.raw`^\s*${without(outOfLine)}*${shown}${without(outOfLine)}*\s*$`,
};

/** Counts characters as JSON Schema does: an emoji that JavaScript stores in two units counts as one. */
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

/** Matches a visible character. A blank Braille cell and a musical null head are invisible. */
const showing = /[^\p{White_Space}\p{DI}\p{Cc}\u2800\ufff9-\ufffb\u{1d159}]/u;

/** Free text with any number of lines. Text without a visible character is refused. */
export const prose = (max: number) =>
  text(1, max)
    .refine((value) => showing.test(value), 'Must not be blank.')
    .meta({ pattern: patterns.prose });

/** Embeddings, overrides, isolates and annotations. They also reorder the text around a name, wherever it is shown. */
const reordering = /[\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]/;

/**
 * One line of text, trimmed. Text without a visible character is refused, and so are characters that reorder the text around them. Joiners
 * and direction marks stay, because emoji, Persian, Indic and Hebrew need them.
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
