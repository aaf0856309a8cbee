import { Alarm } from './alarm.ts';
import type { Logger } from './logger.ts';

interface PollingOptions {
  /** Looks for work and starts it. Answers how much it found. */
  look: () => Promise<number>;
  /** How long to wait when there is no work, in milliseconds. */
  everyMs: number;
  /** Calls `ring` when there is new work. Answers a function that unsubscribes. */
  subscribe: (ring: () => void) => () => void;
  logger: Logger;
  /** The log lines when looking fails, and when it works again. */
  lines: { fails: string; works: string };
}

/** Looks for work until it is stopped: again at once after it found some, otherwise after a ring or some time. */
export class Polling {
  readonly #options: PollingOptions;
  readonly #alarm = new Alarm();
  #loop: Promise<void> | null = null;
  #stopping = false;

  constructor(options: PollingOptions) {
    this.#options = options;
  }

  /** Whether it is about to stop, so that the current look must start nothing. */
  get isStopping(): boolean {
    return this.#stopping;
  }

  /** Starts to look for work. Further calls do nothing. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Stops, after the current look. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#alarm.ring();
    await this.#loop;
    this.#loop = null;
    this.#stopping = false;
  }

  /** Ends the wait for work. */
  ring(): void {
    this.#alarm.ring();
  }

  async #run(): Promise<void> {
    const { look, everyMs, subscribe, logger, lines } = this.#options;
    const unsubscribe = subscribe(() => this.#alarm.ring());
    let isFailing = false;
    while (!this.#stopping) {
      let found = 0;
      try {
        found = await look();
        if (isFailing) logger.info({}, lines.works);
        isFailing = false;
      } catch (error) {
        // Log once, not every second while the database is unreachable.
        if (!isFailing) logger.error({ err: error }, lines.fails);
        isFailing = true;
      }
      if (found === 0) await this.#alarm.wait(everyMs);
    }
    unsubscribe();
  }
}
