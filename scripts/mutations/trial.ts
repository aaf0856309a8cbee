import type { Copy } from './copy.ts';
import type { Mutation, Patch } from './mutation.ts';
import { keyOf, type Red, runTests } from './run-tests.ts';

export interface Outcome {
  mutation: Mutation;
  verdict: 'red' | 'GREEN' | 'BROKEN';
  /** The test that went red, or why nothing can be said. */
  why: string;
  seconds: number;
}

/** What fails of a test file without the mutation, when only its masks are off; by masks and file. */
const baselines = new Map<string, Promise<string[]>>();

function baselineOf(copy: Copy, masks: readonly Patch[], file: string): Promise<string[]> {
  const key = JSON.stringify([masks, file]);
  let baseline = baselines.get(key);
  if (!baseline) {
    const run = () => runTests({ root: copy.root, files: [file] });
    baselines.set(key, (baseline = copy.with(masks, run).then(({ red }) => red.map(keyOf))));
  }
  return baseline;
}

/** The first test that goes red by the mutation and not without it. */
async function firstRed(copy: Copy, { patches, masks, tests, named }: Mutation): Promise<Red | null> {
  const unless: string[] = [];
  for (;;) {
    const run = () => runTests({ root: copy.root, files: tests, named: named?.source, unless });
    const {
      red: [red],
    } = await copy.with([...masks, ...patches], run);
    if (!red) return null;
    const before = await baselineOf(copy, masks, red.file);
    if (!before.includes(keyOf(red))) return red;
    if (masks.length === 0) throw new Error(`This fails without any mutation: ${keyOf(red)}`);
    unless.push(...before);
  }
}

/** Switches a check off, and looks for a test that notices. */
export async function tryMutation(copy: Copy, mutation: Mutation): Promise<Outcome> {
  const started = performance.now();
  const outcome = (verdict: Outcome['verdict'], why: string): Outcome => ({
    mutation,
    verdict,
    why,
    seconds: (performance.now() - started) / 1000,
  });
  try {
    if (mutation.patches.length === 0) throw new Error('There is nothing to patch.');
    const red = mutation.tests.length === 0 ? null : await firstRed(copy, mutation);
    return red ? outcome('red', keyOf(red)) : outcome('GREEN', 'No test notices.');
  } catch (error) {
    return outcome('BROKEN', error instanceof Error ? error.message : String(error));
  }
}
