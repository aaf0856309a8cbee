import type { Tenon } from '@tenon/sdk';
import { subscribe } from '@tenon/sdk/events';

/** Reads the events of an organization until it is closed, and comes back whenever the connection is lost. */
export class Reader {
  readonly organizationId: string;
  /** The sequence after which it began. */
  first: number | null = null;
  /** The sequences of what it got, in the order in which they came. */
  readonly sequences: number[] = [];
  reconnects = 0;
  /** Why it could not go on. Null while it can. */
  failure: string | null = null;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(organizationId: string, tenon: Tenon) {
    this.organizationId = organizationId;
    this.#ended = this.#read(tenon).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.failure = String(error);
    });
  }

  get last(): number {
    return this.sequences.at(-1) ?? this.first ?? 0;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #read(tenon: Tenon): Promise<void> {
    const options = {
      signal: this.#stop.signal,
      onReady: (sequence: number) => (this.first ??= sequence),
      onReconnect: () => this.reconnects++,
    };
    for await (const { sequence } of subscribe(tenon, {}, options)) this.sequences.push(sequence);
  }
}
