import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or less long when the signal is aborted. */
export const wait = (ms: number, signal?: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => {});

/** A wait that `ring` ends early. A ring while nobody waits is not lost: the next wait ends at once. */
export class Alarm {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      const timeout = new AbortController();
      this.#wake = () => timeout.abort();
      await wait(ms, timeout.signal);
      this.#wake = null;
    }
    this.#rung = false;
  }
}
