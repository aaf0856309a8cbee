/**
 * Makes one value per key, on first use, and drops those that have not been used for the longest time. It keeps two generations instead
 * of an order of use, so that a hit costs one lookup: the older generation is dropped when the younger one is full.
 */
export class Memo<Key, Value extends object | string> {
  readonly #half: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  /** @param limit how many values are kept at most. The half of them that was used last is always among them */
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
