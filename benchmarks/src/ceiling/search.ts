const combiningMarks = /\p{M}+/gu;
const words = /[\p{L}\p{N}]+/gu;

/** The words of a text as `task_search` contains them: without accents and in lower case, with a space before each. */
export const searchWords = (text: string): string =>
  (text.normalize('NFKD').replace(combiningMarks, '').toLowerCase().match(words) ?? [])
    .map((word) => ` ${word}`)
    .join('');
