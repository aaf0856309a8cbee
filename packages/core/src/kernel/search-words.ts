import { fold } from './text.ts';

/** Letters of scripts that write words without spaces between them. */
const unspaced = String.raw`[[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Yiii}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Lana}\p{scx=Bali}\p{scx=Java}]&&[\p{L}\p{N}]]`;

/** Runs of letters and digits with their marks, either of scripts with spaces or of scripts without, never both. */
const runs = new RegExp(String.raw`(?:${unspaced}\p{M}*)+|(?:[[\p{L}\p{N}]--${unspaced}]\p{M}*)+`, 'gv');
const isUnspaced = new RegExp(`^${unspaced}`, 'v');

const runsOf = (text: string): readonly string[] => fold(text).match(runs) ?? [];

/** The letters of a run, each with its marks. */
const lettersOf = (run: string): readonly string[] => run.match(/.\p{M}*/gsu) ?? [];

/** The number of letters of a run without spaces that form one word of the index. */
const gram = 3;

/** The parts of a run that start at each of its letters. */
const gramsOf = (letters: readonly string[]): string[] =>
  letters.map((letter, at) => `${letter}${letters[at + 1] ?? ''}${letters[at + 2] ?? ''}`);

/** Cuts a word to 64 code units, because PostgreSQL stores no words of more than 2 KiB. It never splits a surrogate pair. */
const shorten = (word: string): string =>
  word.length <= 64 ? word : word.slice(0, 64).replace(/[\ud800-\udbff]$/, '');

let segmenter: Intl.Segmenter | undefined;

/**
 * Cuts a run into words. The locale does not affect the segmented scripts, but it must be the same everywhere. The segmenter is created on
 * first use, because creating it takes several milliseconds of each start.
 */
const segmentsIn = (run: string): Intl.Segments =>
  (segmenter ??= new Intl.Segmenter('en', { granularity: 'word' })).segment(run);

/**
 * The words of a text to index, each once. A search finds a word by its beginning. In scripts without spaces, a word starts at each letter,
 * so a search finds a word anywhere, even if a segmenter would cut the sentence differently.
 */
export function indexWords(text: string): string[] {
  const words = runsOf(text).flatMap((run) => (isUnspaced.test(run) ? gramsOf(lettersOf(run)) : [run]));
  return [...new Set(words.map(shorten))];
}

/** Cuts a run into words, each as a list of its letters. Letters outside words stay together, as they were typed. */
function segmentsOf(run: string): string[][] {
  const segments: string[][] = [];
  let wasSingle = false;
  for (const { segment } of segmentsIn(run)) {
    const letters = lettersOf(segment);
    if (wasSingle && letters.length === 1) segments.at(-1)?.push(...letters);
    else segments.push([...letters]);
    wasSingle = letters.length === 1;
  }
  return segments;
}

/**
 * The beginnings of words that a text must contain to match a search. In scripts without spaces, the search is cut into words, and a word
 * that is longer than those of the index is cut into parts.
 */
export function searchWords(search: string): string[] {
  const words = runsOf(search).flatMap((run) =>
    isUnspaced.test(run)
      ? segmentsOf(run).flatMap((letters) =>
          letters.length <= gram ? [letters.join('')] : gramsOf(letters).slice(0, 1 - gram),
        )
      : [run],
  );
  return [...new Set(words.map(shorten))];
}
