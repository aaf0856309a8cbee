import { admits } from './checks.ts';
import type { Check, Mask, Switch } from './mutation.ts';
import type { Source } from './syntax.ts';
import { checkOf, readDoor, signIn, visibility } from './walls.ts';

/** A check with the name of the declaration around it. */
export interface Placed extends Check {
  within: string;
}

/**
 * Finds the masks of a check: other checks that stop the same input. While they are on, a test cannot show whether the check is off.
 * @param all the checks of all sources
 */
export function masksFor(sources: readonly Source[], all: readonly Placed[]): (check: Placed) => Switch[] {
  const others = (check: Placed, isMask: (other: Placed) => boolean | undefined): Placed[] =>
    all.filter((other) => other.file === check.file && other.start !== check.start && isMask(other));
  const admission = [
    checkOf(sources, signIn),
    ...all.filter(({ kind, within }) => kind === 'called' && within === 'permit'),
  ];
  const seeing = [checkOf(sources, visibility), ...all.filter(({ kind }) => kind === 'decided')];
  const wall = [checkOf(sources, readDoor)];
  const masks: Record<Mask, (check: Placed) => Switch[]> = {
    /** The API checks the same before it calls the service. */
    admission: ({ within }) => (within === 'identify' || within === 'permit' ? [] : admission),
    /** A row that is not visible is not found. */
    visibility: () => seeing,
    /** The read door hides rows of others. */
    wall: () => wall,
    /** What a function checks first it often checks again, of the row. */
    sibling: (check) => others(check, ({ within, callee }) => within === check.within && callee === check.callee),
    /** What is proven before a transaction is proven again in it. */
    proof: (check) => others(check, ({ behind }) => behind?.includes('proof')),
  };
  return (check) => {
    const { behind = [], within } = check;
    const isInAdmission = check.kind !== 'called' && admits.test(within);
    return [...behind, ...(isInAdmission ? (['admission'] as const) : [])].flatMap((mask) => masks[mask](check));
  };
}
