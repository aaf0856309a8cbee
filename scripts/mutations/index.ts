import { checksIn } from './checks.ts';
import { masksFor, type Placed } from './masks.ts';
import type { Check, Mutation } from './mutation.ts';
import { narrowingsIn } from './queries.ts';
import { checksOfRules } from './rules.ts';
import { type Source, sourcesOf } from './syntax.ts';
import { policiesIn, wallsIn } from './walls.ts';

const shortened = (code: string): string => (code.length > 120 ? `${code.slice(0, 119)}…` : code);

/** Adds numbers to names that occur more than once. */
function numbered(mutations: readonly Mutation[]): Mutation[] {
  const counts = new Map<string, number>();
  return mutations.map((mutation) => {
    const count = (counts.get(mutation.name) ?? 0) + 1;
    counts.set(mutation.name, count);
    return count === 1 ? mutation : { ...mutation, name: `${mutation.name} #${count}` };
  });
}

/**
 * Finds all mutations. Checks are found by their form in the syntax tree. Walls, and functions that decide, have no such form:
 * `walls.ts` and `rules.ts` name the functions.
 * @throws if one of these functions does not exist
 */
export function mutationsOf(root: string): Mutation[] {
  const sources = sourcesOf(root);
  const files = new Map(sources.map((source) => [source.file, source]));
  const sourceOf = ({ file }: Check): Source => {
    const source = files.get(file);
    if (!source) throw new Error(`${file} was not read.`);
    return source;
  };
  const checks = [
    ...wallsIn(sources),
    ...checksOfRules(sources),
    ...sources.flatMap((source) => [...checksIn(source), ...narrowingsIn(source)]),
  ];
  const placed = checks.map((check): Placed => ({
    ...check,
    within: sourceOf(check).ownerOf(check)?.name ?? 'module',
  }));
  const masksOf = masksFor(sources, placed);
  return numbered([
    ...placed.map((check): Mutation => {
      const source = sourceOf(check);
      return {
        kind: check.kind,
        name: `${check.kind}: ${source.name} ${check.within} ${shortened(check.says)}`,
        owner: source.ownerOf(check) ?? { source, node: check },
        off: [check],
        masks: masksOf(check),
      };
    }),
    ...policiesIn(sources),
  ]);
}
