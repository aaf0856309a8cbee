import type { Runtime } from '../src/runtime.ts';

/** A clock that tests move forward. A wait takes no time of the test, and moves the clock forward. */
export class TestRuntime implements Runtime {
  /** Every wait between tries, in milliseconds. */
  readonly slept: number[] = [];
  #ahead = 0;

  now(): number {
    return Date.now() + this.#ahead;
  }

  /** The longest wait that jitter allows. */
  random(): number {
    return 1;
  }

  async sleep(milliseconds: number): Promise<void> {
    this.slept.push(milliseconds);
    this.advance(milliseconds);
  }

  advance(milliseconds: number): void {
    this.#ahead += milliseconds;
  }
}

/** Returns the value. @throws when it is missing */
export function present<Value>(value: Value | null | undefined): Value {
  if (value == null) throw new Error('It should be there.');
  return value;
}

/** Returns what a promise rejects with. @throws when it does not reject */
export const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => {
      throw new Error(`It should have failed, but answered ${JSON.stringify(value)}.`);
    },
    (thrown: unknown) => thrown,
  );
