import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A text in a file, and what stands there instead: the one place where it occurs, or the place at an offset. */
export interface Patch {
  file: string;
  find: string;
  replace: string;
  /** Where it stands, when the same text stands elsewhere too. */
  at?: number;
  /** What stands before and behind it to switch it off while the code runs, where `OFF` says whether it is. */
  around?: readonly [string, string];
}

export interface Mutation {
  name: string;
  /** The check that is switched off. */
  patches: readonly Patch[];
  /** Other walls that would hide that it is. */
  masks: readonly Patch[];
  /** Test files, one of which must go red. */
  tests: readonly string[];
  /** Which of their tests by full name, to be quicker. @default all */
  named?: RegExp;
}

export const read = (root: string, file: string): string => readFileSync(join(root, file), 'utf8');

/** One text that switches one check off, where no other stands in front. */
export const mutation = (
  name: string,
  file: string,
  find: string,
  replace: string,
  tests: readonly string[],
): Mutation => ({
  name,
  patches: [{ file, find, replace }],
  masks: [],
  tests,
});

/** @throws when the text is not there, or not at one place only */
export function placeOf(text: string, { file, find, at }: Patch): number {
  const start = at ?? text.indexOf(find);
  if (start === -1 || !text.startsWith(find, start)) throw new Error(`${file} does not say: ${find}`);
  if (at === undefined && text.includes(find, start + 1)) throw new Error(`${file} says more than once: ${find}`);
  return start;
}

function apply(text: string, patch: Patch): string {
  const start = placeOf(text, patch);
  return text.slice(0, start) + patch.replace + text.slice(start + patch.find.length);
}

/** Applies patches to files: those with an offset last to first, so that none moves another. */
export function patched(root: string, patches: readonly Patch[]): Map<string, string> {
  const texts = new Map<string, string>();
  const ordered = [...patches].sort((a, b) => (b.at ?? Number.MAX_SAFE_INTEGER) - (a.at ?? Number.MAX_SAFE_INTEGER));
  const late = ordered.filter((patch) => patch.at === undefined);
  for (const patch of [...ordered.filter((one) => one.at !== undefined), ...late])
    texts.set(patch.file, apply(texts.get(patch.file) ?? read(root, patch.file), patch));
  return texts;
}
