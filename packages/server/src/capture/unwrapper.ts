/**
 * Turns a counter that wraps (16-bit sequence numbers, 32-bit timestamps) into one that goes on. A value is
 * taken as the nearest one to the value before it, so steps back by reordering stay steps back.
 */
export class Unwrapper {
  readonly #modulus: number;
  #last: number | null = null;

  /** @param bits Width of the counter, 1 to 32. */
  constructor(bits: number) {
    this.#modulus = 2 ** bits;
  }

  /** The unwrapped value. The first one is taken as it is, so results can fall below zero afterwards. */
  unwrap(value: number): number {
    if (this.#last === null) {
      this.#last = value;
      return value;
    }
    const wrapped = ((this.#last % this.#modulus) + this.#modulus) % this.#modulus;
    let step = value - wrapped;
    if (step > this.#modulus / 2) step -= this.#modulus;
    else if (step < -this.#modulus / 2) step += this.#modulus;
    this.#last += step;
    return this.#last;
  }
}
