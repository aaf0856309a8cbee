/** Makes one value per key, on first use, and keeps the values of the newest keys. */
export class Memo<Key, Value extends object | string> {
  readonly #limit: number;
  readonly #made = new Map<Key, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: Key, make: () => Value): Value {
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#made.size >= this.#limit ? this.#made.keys() : [];
    if (oldest !== undefined) this.#made.delete(oldest);
    const value = make();
    this.#made.set(key, value);
    return value;
  }
}
