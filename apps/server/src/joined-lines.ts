import type { DestinationStream } from 'pino';

/** Where joined lines go. */
interface Destination {
  write(text: string): unknown;
  flush(done: (error?: Error | null) => void): void;
}

/** How many characters are passed on at once. */
const enough = 4096;

/** How long a line waits for others at most. */
const longestWaitMs = 100;

/**
 * Joins lines and passes them on together: a write for each line would take half as long as the request that the line is about. Pino's own
 * destination joins lines too, but for each new line it measures all waiting ones again, which takes three times as long as encoding the
 * line.
 */
export class JoinedLines implements DestinationStream {
  readonly #destination: Destination;
  #lines = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(destination: Destination) {
    this.#destination = destination;
  }

  write(line: string): void {
    this.#lines += line;
    if (this.#lines.length >= enough) this.passOn();
    else this.#timer ??= setTimeout(() => this.passOn(), longestWaitMs).unref();
  }

  /** Passes on what waits. */
  passOn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines === '') return;
    const lines = this.#lines;
    this.#lines = '';
    this.#destination.write(lines);
  }

  /** Passes on what waits, and calls back when all of it is written. */
  flush(done: (error?: Error | null) => void = () => {}): void {
    this.passOn();
    this.#destination.flush(done);
  }
}
