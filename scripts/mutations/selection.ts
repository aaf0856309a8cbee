import { execFileSync } from 'node:child_process';
import type { Mutation } from './mutation.ts';

/** The changed lines of each file, as ranges that include both ends. The first line is 1. */
export type Changed = ReadonlyMap<string, readonly (readonly [from: number, to: number])[]>;

const git = (root: string, ...args: string[]): string =>
  execFileSync('git', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

/** Reads the changed lines from a diff without context. Where lines were only removed, these are the two lines around the gap. */
export function readDiff(diff: string): Changed {
  const changed = new Map<string, [number, number][]>();
  let file = '';
  for (const line of diff.split('\n')) {
    if (line.startsWith('+++ ')) file = line.slice('+++ b/'.length);
    const [, start, count = '1'] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    if (start === undefined) continue;
    const from = Number(start);
    const lines = changed.get(file) ?? [];
    lines.push(count === '0' ? [from, from + 1] : [from, from + Number(count) - 1]);
    changed.set(file, lines);
  }
  return changed;
}

/**
 * Finds what changed in the code since a commit, including what is not committed yet.
 * @throws if there is no such commit
 */
export function changedSince(root: string, revision: string): Changed {
  const diff = git(
    root,
    'diff',
    '--unified=0',
    '--no-color',
    '--no-ext-diff',
    '--no-renames',
    revision,
    '--',
    'packages',
  );
  const added = git(root, 'ls-files', '--others', '--exclude-standard', '--', 'packages').split('\n');
  return new Map([...readDiff(diff), ...added.map((file) => [file, [[1, Number.POSITIVE_INFINITY]]] as const)]);
}

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

const isIn = (file: string, path: string): boolean => file === path || file.startsWith(path.replace(/\/*$/, '/'));

/** Whether the declaration around a check changed. */
function isChanged({ owner: { source, node }, alsoIn }: Mutation, changed: Changed): boolean {
  if (alsoIn !== undefined && [...changed.keys()].some((file) => isIn(file, alsoIn))) return true;
  const lines = changed.get(source.file) ?? [];
  const [first, last] = [lineAt(source.text, node.start), lineAt(source.text, node.end)];
  return lines.some(([from, to]) => from <= last && first <= to);
}

export interface Selection {
  /** Files and folders, from the root of the repository. @default all */
  paths?: readonly string[];
  /** Parts of names. @default all */
  only?: readonly string[];
  /** @default everything */
  changed?: Changed | null;
}

/** Whether a mutation is selected. */
export const chosen =
  ({ paths = [], only = [], changed = null }: Selection) =>
  (mutation: Mutation): boolean => {
    const places = [mutation.owner.source.file, mutation.alsoIn ?? ''];
    if (paths.length > 0 && !paths.some((path) => places.some((place) => isIn(place, path)))) return false;
    if (only.length > 0 && !only.some((text) => mutation.name.includes(text))) return false;
    return !changed || isChanged(mutation, changed);
  };
