/**
 * Makes one value per key, on first use, and drops the values that have not been used for the longest time. It keeps two generations, and
 * drops the older one when the younger one is full. So a hit costs one lookup, and no order of use is kept.
 */
export class Memo<Key, Value extends object | string> {
  readonly #half: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  /** @param limit how many values are kept at most. The values that were used last, half as many, are always kept */
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
