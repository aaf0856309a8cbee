import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type Database from 'better-sqlite3';

/** When the log is moved into the file, in pages: see `pageSize` in `migrate.ts`. */
export interface CheckpointLimits {
  /** The number of pages at which it is moved. A page that was written several times is moved once. */
  readonly due: number;
  /** When the log could not start from its beginning: how many more pages are written before the next try. */
  readonly again: number;
  /** The number of pages from which on writes wait until the log has been moved. */
  readonly most: number;
}

const usualLimits: CheckpointLimits = { due: 20_000, again: 5000, most: 50_000 };

/** How many milliseconds a restart of the log waits for readers that still use it. */
const readerWaitMs = 100;

/**
 * Moves the write-ahead log of SQLite into the file. This waits for the disk, which the event loop must not do, so a thread does it. Most
 * of the log is moved while writes go on. The rest takes a moment, and the next transaction waits for it. After that the log starts from
 * its beginning, so the file of the log does not grow.
 */
export class Checkpoints {
  readonly #writer: Database.Database;
  readonly #log: Database.Statement<[], [busy: number, pages: number, moved: number]>;
  readonly #limits: CheckpointLimits;
  #due: number;
  #running: Promise<void> | undefined;
  /** Lets the thread move the rest. Defined while the thread is ready for that. */
  #finish: (() => void) | undefined;
  /** What the next transaction waits for. */
  #pause: Promise<void> | undefined;

  constructor(writer: Database.Database, limits: CheckpointLimits = usualLimits) {
    this.#writer = writer;
    this.#limits = limits;
    this.#due = limits.due;
    // With `noop` it moves nothing and only counts.
    this.#log = writer.prepare<[], [number, number, number]>('pragma wal_checkpoint(noop)').raw();
  }

  /** How many pages the log has. */
  #pages(): number {
    return this.#log.get()?.[1] ?? 0;
  }

  /** Starts or finishes a checkpoint when it is due. Call it after each transaction. */
  afterTransaction(): void {
    const pages = this.#pages();
    if (pages >= this.#due) this.#running ??= this.#run();
    if (pages >= this.#limits.most) this.#pause ??= this.#running;
    this.#finish?.();
  }

  /** What to wait for before a transaction begins. */
  get pause(): Promise<void> | undefined {
    return this.#pause;
  }

  /** Waits for the thread. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { due, again } = this.#limits;
    const pages = this.#pages();
    try {
      this.#due = (await this.#restart()) ? due : pages + again;
    } catch {
      // The log must not grow because the thread cannot work. So SQLite makes checkpoints by itself again, on the event loop.
      this.#due = Infinity;
      this.#writer.pragma('wal_autocheckpoint = 1000');
    } finally {
      this.#running = this.#finish = this.#pause = undefined;
    }
  }

  /** Returns whether the log now starts from its beginning. A reader that still uses the log prevents that, and so does a full disk. */
  async #restart(): Promise<boolean> {
    // The suffix differs once the server is compiled.
    const program = new URL(`./checkpoint-thread${extname(import.meta.url)}`, import.meta.url);
    const thread = new Worker(program, { argv: [this.#writer.name, String(readerWaitMs)] });
    const ended: Promise<unknown[]> = once(thread, 'exit');
    await Promise.race([once(thread, 'message'), ended]);
    this.#finish = () => {
      this.#finish = undefined;
      this.#pause = this.#running;
      thread.postMessage('finish');
    };
    if (!this.#writer.inTransaction) this.#finish();
    const [code] = await ended;
    return code === 0;
  }
}
