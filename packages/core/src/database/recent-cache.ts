interface Entry<Value> {
  readonly at: number;
  readonly loading: Promise<Value | null>;
  value?: Value;
}

/**
 * Caches values for a short time. Concurrent readers of one key share one load. A load removes the entries that are too old, so the cache
 * takes no memory for them. When the cache is full, it drops the oldest entry. It does not cache null, which means missing.
 */
export class RecentCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #limit: number;
  readonly #ageMs: number;

  /** @param ageMs how old a value may be, counted from the start of its load */
  constructor(limit: number, ageMs: number) {
    this.#limit = limit;
    this.#ageMs = ageMs;
  }

  get(key: string, now: Date, load: () => Promise<Value | null>): Promise<Value | null> {
    const at = now.getTime();
    const known = this.#entries.get(key);
    // Setting the clock back must not keep a value longer.
    if (known && at >= known.at && at - known.at < this.#ageMs) return known.loading;
    return this.#load(key, at, load);
  }

  async #load(key: string, at: number, load: () => Promise<Value | null>): Promise<Value | null> {
    const entry: Entry<Value> = { at, loading: load() };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#shrink(at);
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

  /** Drops the matching values, and all values that are still loading. */
  deleteWhere(matches: (value: Value) => boolean): void {
    for (const [key, { value }] of this.#entries) if (value === undefined || matches(value)) this.#entries.delete(key);
  }

  /** The values that have been loaded, by key. */
  *values(): Generator<[string, Value]> {
    for (const [key, { value }] of this.#entries) if (value !== undefined) yield [key, value];
  }

  #forget(key: string, entry: Entry<Value>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  /** Removes what is too much or too old. Entries are in the order of their loads, so the search ends at the first valid one. */
  #shrink(at: number): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#limit && at - entry.at < this.#ageMs) return;
      this.#entries.delete(key);
    }
  }
}
