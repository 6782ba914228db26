/** Positions between two samples for which weights are kept; between those the nearest is taken (−90 dB at 10 kHz). */
const PHASES = 512;
/** Zero crossings on either side. */
const HALF_WIDTH = 8;

/**
 * Weights for reading sampled sound between its samples: a sinc under a Blackman window, cut below half of the
 * lower of both rates.
 */
export class SincKernel {
  /** Samples on either side of the position that take part. */
  readonly reach: number;
  readonly #weights: Float32Array;
  readonly #taps: number;

  /** @param ratio Output rate divided by input rate. */
  constructor(ratio: number) {
    const cut = Math.min(1, ratio) * 0.95;
    this.reach = Math.ceil(HALF_WIDTH / cut);
    this.#taps = this.reach * 2;
    this.#weights = new Float32Array((PHASES + 1) * this.#taps);
    for (let phase = 0; phase <= PHASES; phase += 1) this.#fillPhase(phase, cut);
  }

  /**
   * The value at `position` of a ring of samples whose length is a power of two.
   * @param mask The ring's length − 1.
   */
  read(ring: Float32Array, mask: number, position: number): number {
    const whole = Math.floor(position);
    const row = Math.round((position - whole) * PHASES) * this.#taps;
    const first = whole - this.reach + 1;
    let sum = 0;
    for (let tap = 0; tap < this.#taps; tap += 1)
      sum += (ring[(first + tap) & mask] ?? 0) * (this.#weights[row + tap] ?? 0);
    return sum;
  }

  #fillPhase(phase: number, cut: number): void {
    const row = phase * this.#taps;
    let sum = 0;
    for (let tap = 0; tap < this.#taps; tap += 1) {
      const distance = tap - this.reach + 1 - phase / PHASES;
      const angle = Math.PI * distance * cut;
      const sinc = Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle) / angle;
      const at = (distance / this.reach) * Math.PI;
      const window = Math.abs(distance) >= this.reach ? 0 : 0.42 + 0.5 * Math.cos(at) + 0.08 * Math.cos(2 * at);
      this.#weights[row + tap] = sinc * window;
      sum += sinc * window;
    }
    // The weights of every phase add up to one, so that a constant stays one.
    for (let tap = 0; tap < this.#taps; tap += 1) this.#weights[row + tap] = (this.#weights[row + tap] ?? 0) / sum;
  }
}
