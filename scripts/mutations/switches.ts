import { basename, dirname } from 'node:path';
import { type Mutation, type Patch, placeOf, read } from './mutation.ts';

/*
 * Most checks can be switched off while the code runs: what stands around them asks each time. So one process tries many
 * mutations, one after the other, and loads the code once.
 */

/** Whether the tests of the services see a patch at all. */
const ofServices = ({ file }: Patch): boolean => file.startsWith('packages/core/');

const keyOf = (patch: Patch): string => JSON.stringify([patch.file, patch.at, patch.find]);

/** A number for everything that can be switched off while the code runs. */
export class Switches {
  readonly #numbers = new Map<string, number>();
  readonly #patches: Patch[] = [];

  /** What has to be switched off for patches; null when one of them cannot be. */
  of(patches: readonly Patch[]): number[] | null {
    const needed = patches.filter(ofServices);
    if (needed.some(({ around }) => !around)) return null;
    return needed.map((patch) => {
      const key = keyOf(patch);
      const number = this.#numbers.get(key) ?? this.#patches.push(patch) - 1;
      this.#numbers.set(key, number);
      return number;
    });
  }

  /** The sources with all switches in them, none of which is off. */
  texts(root: string): Map<string, string> {
    const texts = new Map<string, string>();
    for (const file of new Set(this.#patches.map((patch) => patch.file))) {
      const text = read(root, file);
      const inserted = this.#patches.flatMap((patch, number) => {
        if (patch.file !== file || !patch.around) return [];
        const at = placeOf(text, patch);
        const { length } = patch.find;
        const [before, behind] = patch.around.map((one) =>
          one.replaceAll('OFF', `globalThis.switchedOff?.has(${number})`),
        );
        // Of two that stand in one place, the longer one is outside.
        return [
          { at, order: -length, text: before ?? '' },
          { at: at + length, order: length - text.length, text: behind ?? '' },
        ];
      });
      let result = text;
      for (const one of inserted.sort((a, b) => b.at - a.at || b.order - a.order))
        result = result.slice(0, one.at) + one.text + result.slice(one.at);
      texts.set(file, result);
    }
    return texts;
  }
}

/** A test file that runs while something is off. */
export interface Switched {
  path: string;
  text: string;
}

/**
 * A copy of a test file beside it, during which something is off.
 * @param all goes on after the first test that fails
 */
export function switchedTest(root: string, file: string, off: readonly number[], all: boolean): Switched {
  const id = `${all ? 'all' : 'first'}-${off.join('-') || 'none'}`;
  const first = `import { beforeEach as beforeEachSwitched } from 'vitest';
let firstIsRed = false;
beforeEachSwitched((test) => {
  if (firstIsRed) test.skip();
  test.onTestFailed(() => void (firstIsRed = true));
});
`;
  return {
    path: `${dirname(file)}/${basename(file, '.test.ts')}.${id}.test.ts`,
    text: `${all ? '' : first}globalThis.switchedOff = new Set([${off.join()}]);\n${read(root, file)}`,
  };
}

/** A copy of a test file beside it that notes which switches the code comes by. */
export function recordingTest(root: string, file: string): Switched {
  const note = `import { writeFileSync as writeSeen } from 'node:fs';
import { afterAll as afterAllSeen } from 'vitest';
const seen = new Set();
globalThis.switchedOff = { has: (number) => void seen.add(number) };
afterAllSeen(() => writeSeen(import.meta.filename + '.json', JSON.stringify([...seen])));
`;
  return { path: `${dirname(file)}/${basename(file, '.test.ts')}.seen.test.ts`, text: note + read(root, file) };
}

/** The tests of a mutation that can run while it is off: those of the services that mock nothing. */
export const switchable = ({ tests }: Mutation): string[] =>
  tests.filter((test) => test.startsWith('packages/core/') && !/isolated|policies/.test(test));
