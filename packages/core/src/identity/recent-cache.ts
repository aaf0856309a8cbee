interface Entry<Value> {
  readonly at: number;
  readonly loading: Promise<Value | null>;
  value?: Value;
}

/**
 * Remembers what was read a moment ago. Concurrent readers of one key share one load. Bounded: when full, what has not been
 * asked for the longest goes. What is missing (null) is not remembered.
 */
export class RecentCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #limit: number;
  readonly #ageMs: number;

  /** @param ageMs how old a value may be: it counts from the moment the load began. */
  constructor(limit: number, ageMs: number) {
    this.#limit = limit;
    this.#ageMs = ageMs;
  }

  async get(key: string, now: Date, load: () => Promise<Value | null>): Promise<Value | null> {
    const at = now.getTime();
    const known = this.#entries.get(key);
    // A clock that was set back must not keep a value for longer.
    if (known && at >= known.at && at - known.at < this.#ageMs) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.loading;
    }
    const entry: Entry<Value> = { at, loading: load() };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#shrink();
    try {
      const value = await entry.loading;
      if (value === null) this.#forget(key, entry);
      else entry.value = value;
      return value;
    } catch (error) {
      this.#forget(key, entry);
      throw error;
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Forgets the values that match, and those that are still being loaded. */
  deleteWhere(matches: (value: Value) => boolean): void {
    for (const [key, { value }] of this.#entries) if (value === undefined || matches(value)) this.#entries.delete(key);
  }

  #forget(key: string, entry: Entry<Value>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  #shrink(): void {
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limit) return;
      this.#entries.delete(oldest);
    }
  }
}
