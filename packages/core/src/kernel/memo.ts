/**
 * Makes one value per key on first use, and drops the least recently used values. It keeps two generations, and drops the older one when
 * the younger one is full. So a hit costs one lookup, and the memo need not track the order of use.
 */
export class Memo<Key, Value extends object | string> {
  readonly #half: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  /** @param limit the most values to keep. The most recently used half of them is always kept */
  constructor(limit: number) {
    this.#half = Math.ceil(limit / 2);
  }

  get(key: Key, make: () => Value): Value {
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const value = this.#old.get(key) ?? make();
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
    return value;
  }
}
