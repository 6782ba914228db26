import type { SincKernel } from './sinc-kernel.ts';

/** Samples per channel that are kept: 1.3 s at 48 kHz. A power of two. */
const RING_SAMPLES = 65_536;
const MASK = RING_SAMPLES - 1;
/** Length of the mirrored, fading continuation behind a block that nothing follows: one lost packet of 20 ms. */
const TAIL_SAMPLES = 960;
/** Zeros behind the continuation: more than any kernel reaches. */
const QUIET_SAMPLES = 64;
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
  /** One ring, as long as all blocks are mono; then two. */
  readonly #channels: Float32Array[] = [new Float32Array(RING_SAMPLES)];
  #knots: Knot[] = [];
  #end = 0;
  #lastLength = 0;
  /** Whether the continuation lies behind the last block: it is made when it is read or a hole follows, so seldom. */
  #hasTail = false;

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

  /** Adds a block behind the last one, with or without a hole between them; one array for mono, two for stereo. */
  write(sample: number, mediaUs: number, block: readonly Float32Array[]): void {
    const length = block[0]?.length ?? 0;
    const isFirst = this.#knots.length === 0;
    const isJoined = !isFirst && sample === this.#end;
    const [mono] = this.#channels;
    if (block.length > this.#channels.length && mono !== undefined) this.#channels.push(mono.slice());
    if (!isJoined && !isFirst) {
      this.#continue();
      this.#silence(Math.max(this.#end + TAIL_SAMPLES, sample - RING_SAMPLES + 1), sample + length);
    }
    this.#channels.forEach((ring, channel) => {
      const source = block[channel] ?? block[0];
      if (source !== undefined) put(ring, sample, source, isJoined ? 0 : Math.min(FADE_IN_SAMPLES, length));
    });
    this.#end = sample + length;
    this.#lastLength = length;
    this.#hasTail = false;
    this.#knots.push({ sample, mediaUs });
    while (this.#knots.length > 2 && (this.#knots[1]?.sample ?? 0) < this.#end - RING_SAMPLES / 2) this.#knots.shift();
  }

  /** Adds `out.length` samples from media time `fromUs` on, `stepUs` apart, to `out`: one array, or left and right. */
  addTo(out: readonly Float32Array[], fromUs: number, stepUs: number, kernel: SincKernel): void {
    const [first] = this.#knots;
    const length = out[0]?.length ?? 0;
    if (first === undefined) return;
    let index = Math.max(0, Math.ceil((first.mediaUs - fromUs) / stepUs));
    for (let knot = 0; index < length; knot += 1) {
      const from = this.#knots[knot];
      if (from === undefined) return;
      const to = this.#knots[knot + 1];
      const until = to === undefined ? length : Math.min(length, Math.ceil((to.mediaUs - fromUs) / stepUs));
      if (until <= index) continue;
      const perUs = to === undefined ? 0.048 : (to.sample - from.sample) / (to.mediaUs - from.mediaUs);
      const step = stepUs * perUs;
      // Counted from the block's beginning: a time since the epoch has no room for parts of a sample.
      const position = from.sample + (fromUs - from.mediaUs + index * stepUs) * perUs;
      const there = Math.min(until, index + Math.ceil((this.#end + TAIL_SAMPLES - position) / step));
      if (position + (there - index) * step + kernel.reach > this.#end) this.#continue();
      this.#read(out, index, there, kernel, position, step);
      index = until;
    }
  }

  #read(out: readonly Float32Array[], from: number, until: number, kernel: SincKernel, position: number, step: number) {
    const [left, right] = this.#channels;
    if (left === undefined) return;
    if (right === undefined) kernel.addTo(out, from, until, left, MASK, position, step);
    else
      out.forEach((samples, channel) => {
        kernel.addTo([samples], from, until, channel === 0 ? left : right, MASK, position, step);
      });
  }

  /** Puts the continuation behind the last block. */
  #continue(): void {
    if (this.#hasTail) return;
    this.#hasTail = true;
    const mirrored = Math.min(TAIL_SAMPLES, this.#lastLength);
    for (const ring of this.#channels) {
      for (let index = 0; index < mirrored; index += 1)
        ring[(this.#end + index) & MASK] = (ring[(this.#end - 1 - index) & MASK] ?? 0) * (1 - index / TAIL_SAMPLES);
    }
    this.#silence(this.#end + mirrored, this.#end + TAIL_SAMPLES + QUIET_SAMPLES);
  }

  #silence(from: number, until: number): void {
    for (const ring of this.#channels) for (let sample = from; sample < until; sample += 1) ring[sample & MASK] = 0;
  }
}

/** Copies a block to its place in a ring. @param fade Over how many samples it replaces what is there. */
function put(ring: Float32Array, sample: number, source: Float32Array, fade: number): void {
  for (let index = 0; index < fade; index += 1) {
    const slot = (sample + index) & MASK;
    ring[slot] = ((source[index] ?? 0) * index + (ring[slot] ?? 0) * (fade - index)) / fade;
  }
  const start = (sample + fade) & MASK;
  const untilEnd = Math.min(source.length, fade + RING_SAMPLES - start);
  ring.set(source.subarray(fade, untilEnd), start);
  if (untilEnd < source.length) ring.set(source.subarray(untilEnd), 0);
}
