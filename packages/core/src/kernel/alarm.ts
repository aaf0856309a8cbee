import { setTimeout as sleep } from 'node:timers/promises';

/** Waits. Resolves early when the signal is aborted. */
export const wait = (ms: number, signal?: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => {});

/** A wait that `ring` ends early. A ring without a waiter is not lost: the next wait then ends at once. */
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
