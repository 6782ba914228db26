/**
 * The smallest value of a window that only moves forward. Keys must not fall from call to call.
 * Costs a constant per value on average.
 */
export class SlidingMinimum {
  #keys: number[] = [];
  #values: number[] = [];
  #head = 0;

  /** Takes a value at the window's young end. */
  push(key: number, value: number): void {
    while (this.#values.length > this.#head && (this.#values.at(-1) ?? 0) >= value) {
      this.#values.pop();
      this.#keys.pop();
    }
    this.#keys.push(key);
    this.#values.push(value);
  }

  /** Lets go what has a key below `key`. */
  dropBefore(key: number): void {
    while (this.#head < this.#keys.length && (this.#keys[this.#head] ?? 0) < key) this.#head += 1;
    if (this.#head > 1024) {
      this.#keys = this.#keys.slice(this.#head);
      this.#values = this.#values.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The smallest value in the window; null when it is empty. */
  get minimum(): number | null {
    return this.#values[this.#head] ?? null;
  }

  /** Lets go everything. */
  clear(): void {
    this.#keys = [];
    this.#values = [];
    this.#head = 0;
  }
}
