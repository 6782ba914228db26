import type { SincKernel } from './sinc-kernel.ts';

/** Samples per channel that are kept: 1.3 s at 48 kHz. A power of two. */
const RING_SAMPLES = 65_536;
const MASK = RING_SAMPLES - 1;
/** Length of the mirrored, fading continuation behind a block that nothing follows: one lost packet of 20 ms. */
const TAIL_SAMPLES = 960;
/** Over how many samples sound comes back after a hole, so that it does not click: 5 ms. */
const FADE_IN_SAMPLES = 240;
/** Most that a block may lie off its neighbour's continuation: more is another run. µs. */
const LEAP_US = 2_000;
const DRIFT_PPM = 600;

/** Where a block of sound begins, in samples of its own clock and in media time. */
type Knot = { sample: number; mediaUs: number };

/**
 * Sound of one stream whose clock goes on: decoded blocks in a ring, each with its media time. Reading
 * between the blocks' times stretches the sound by exactly what the clocks differ, so nothing adds up.
 * A hole is bridged by a mirrored continuation that fades within 20 ms; then there is silence.
 */
export class SoundRun {
  readonly #channels: Float32Array[];
  #knots: Knot[] = [];
  #end = 0;
  #cleanUntil = 0;

  constructor(channels: number) {
    this.#channels = Array.from({ length: channels }, () => new Float32Array(RING_SAMPLES));
  }

  /** Media time of the end of the last block with its continuation. */
  get endUs(): number {
    const last = this.#knots.at(-1);
    return last === undefined
      ? Number.NEGATIVE_INFINITY
      : last.mediaUs + (this.#end - last.sample + TAIL_SAMPLES) / 0.048;
  }

  /** Where the next block begins when nothing is missing, in samples of the run's clock. */
  get endSample(): number {
    return this.#end;
  }

  /** Whether a block with these times goes on in this run. */
  continues(sample: number, mediaUs: number): boolean {
    const last = this.#knots.at(-1);
    if (last === undefined) return true;
    const gapUs = (sample - last.sample) / 0.048;
    if (sample < this.#end || gapUs > 60_000_000) return false;
    return Math.abs(mediaUs - last.mediaUs - gapUs) <= LEAP_US + (gapUs * DRIFT_PPM) / 1_000_000;
  }

  /**
   * By how much what lies before a block is stretched so that the block begins in its time. Nothing is further from its
   * time than that; 0 for the first block.
   */
  stretchUs(sample: number, mediaUs: number): number {
    const last = this.#knots.at(-1);
    return last === undefined ? 0 : mediaUs - last.mediaUs - (sample - last.sample) / 0.048;
  }

  /** Adds a block behind the last one, with or without a hole between them. */
  write(sample: number, mediaUs: number, block: readonly Float32Array[]): void {
    const length = block[0]?.length ?? 0;
    const isJoined = this.#knots.length > 0 && sample === this.#end;
    if (this.#knots.length === 0) this.#cleanUntil = sample;
    this.#silence(Math.max(this.#cleanUntil, sample - RING_SAMPLES + 1), sample + length + TAIL_SAMPLES);
    this.#channels.forEach((ring, channel) => {
      const source = block[channel] ?? block[0] ?? new Float32Array(length);
      const fade = isJoined ? 0 : Math.min(FADE_IN_SAMPLES, length);
      for (let index = 0; index < length; index += 1) {
        const slot = (sample + index) & MASK;
        const gain = index < fade ? index / fade : 1;
        ring[slot] = (source[index] ?? 0) * gain + (ring[slot] ?? 0) * (1 - gain);
      }
      for (let index = 0; index < TAIL_SAMPLES; index += 1) {
        ring[(sample + length + index) & MASK] = (source[length - 1 - index] ?? 0) * (1 - index / TAIL_SAMPLES);
      }
    });
    this.#end = sample + length;
    this.#cleanUntil = this.#end + TAIL_SAMPLES;
    this.#knots.push({ sample, mediaUs });
    while (this.#knots.length > 2 && (this.#knots[1]?.sample ?? 0) < this.#end - RING_SAMPLES / 2) this.#knots.shift();
  }

  /** Adds `out.length` samples from media time `fromUs` on, `stepUs` apart, to `out`. */
  addTo(out: readonly Float32Array[], fromUs: number, stepUs: number, kernel: SincKernel): void {
    const first = this.#knots[0];
    if (first === undefined) return;
    const length = out[0]?.length ?? 0;
    let index = Math.max(0, Math.ceil((first.mediaUs - fromUs) / stepUs));
    let knot = 0;
    for (; index < length; index += 1) {
      const atUs = fromUs + index * stepUs;
      while ((this.#knots[knot + 1]?.mediaUs ?? Number.POSITIVE_INFINITY) <= atUs) knot += 1;
      const position = this.#positionAt(knot, atUs);
      if (position >= this.#cleanUntil) return;
      out.forEach((samples, channel) => {
        const ring = this.#channels[channel] ?? this.#channels[0];
        if (ring !== undefined) samples[index] = (samples[index] ?? 0) + kernel.read(ring, MASK, position);
      });
    }
  }

  #positionAt(knot: number, atUs: number): number {
    const from = this.#knots[knot];
    const to = this.#knots[knot + 1];
    if (from === undefined) return 0;
    const perUs = to === undefined ? 0.048 : (to.sample - from.sample) / (to.mediaUs - from.mediaUs);
    return from.sample + (atUs - from.mediaUs) * perUs;
  }

  #silence(from: number, until: number): void {
    for (const ring of this.#channels) for (let sample = from; sample < until; sample += 1) ring[sample & MASK] = 0;
  }
}
