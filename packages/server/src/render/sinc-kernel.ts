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
   * Adds to samples `from` to `until` of every array of `outs` what lies in a ring of samples, whose length is a power of two,
   * at `position`, `position` + `step` and so on.
   * @param mask The ring's length − 1.
   */
  addTo(
    outs: readonly Float32Array[],
    from: number,
    until: number,
    ring: Float32Array,
    mask: number,
    position: number,
    step: number,
  ): void {
    const weights = this.#weights;
    const taps = this.#taps;
    const [left, right] = outs;
    if (left === undefined) return;
    for (let index = from; index < until; index += 1) {
      const at = position + (index - from) * step;
      const whole = Math.floor(at);
      const row = Math.round((at - whole) * PHASES) * taps;
      const first = (whole - this.reach + 1) & mask;
      let sum = 0;
      // The loop without the mask takes half of the time, and only a few in a thousand reads go round the ring's end.
      if (first + taps <= mask)
        for (let tap = 0; tap < taps; tap += 1) sum += (ring[first + tap] ?? 0) * (weights[row + tap] ?? 0);
      else for (let tap = 0; tap < taps; tap += 1) sum += (ring[(first + tap) & mask] ?? 0) * (weights[row + tap] ?? 0);
      left[index] = (left[index] ?? 0) + sum;
      if (right !== undefined) right[index] = (right[index] ?? 0) + sum;
    }
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
