import { type EncodedFrame, opusPacketSamples } from '../capture/index.ts';
import type { SincKernel } from './sinc-kernel.ts';
import { SoundDecoder } from './sound-decoder.ts';
import { SoundHistory } from './sound-history.ts';
import { SoundRun } from './sound-run.ts';
import type { StreamFeed } from './stream-feed.ts';

/**
 * Longest hole that the decoder's guesses fill; they have faded by then. In a longer one the last sound fades within
 * 20 ms and silence follows. Longer holes would have to be known longer before they are mixed, too.
 */
export const LONGEST_CONCEALED_US = 100_000;

/** One captured sound stream while it is rendered. */
export class SoundTrack implements Disposable {
  readonly feed: StreamFeed;
  #runs: SoundRun[] = [];
  #decoder: SoundDecoder | null = null;
  #before: EncodedFrame | null = null;
  readonly #history: SoundHistory;

  constructor(feed: StreamFeed) {
    this.feed = feed;
    this.#history = feed.watch?.sounds ?? new SoundHistory();
  }

  /** Packets that could not be read or decoded. */
  get undecodable(): number {
    return this.feed.counts.broken + this.#history.undecodable;
  }

  /** Lost sound that was filled, in samples at 48 kHz. */
  get concealedSamples(): number {
    return this.#history.concealedSamples;
  }

  /** Decodes all that is captured up to `untilUs`. */
  hearUntil(untilUs: number): void {
    for (let frame = this.feed.shift(untilUs); frame !== null; frame = this.feed.shift(untilUs)) this.#decode(frame);
  }

  /** Adds the sound from `fromUs` on to `out`, one array a channel, samples `stepUs` apart. */
  mixInto(out: readonly Float32Array[], fromUs: number, stepUs: number, kernel: SincKernel): void {
    this.#runs = this.#runs.filter((run, index) => index === this.#runs.length - 1 || run.endUs > fromUs - 100_000);
    for (const run of this.#runs) run.addTo(out, fromUs, stepUs, kernel);
  }

  [Symbol.dispose](): void {
    this.feed.close();
    this.#decoder?.[Symbol.dispose]();
    this.#decoder = null;
  }

  #decode(frame: EncodedFrame): void {
    if (this.feed.codec !== 'opus') return;
    this.#decoder ??= new SoundDecoder();
    let run = this.#runs.at(-1);
    const goesOn = run?.continues(frame.rtpTime, frame.mediaUs) === true && this.#before?.epoch === frame.epoch;
    const stretchUs = run !== undefined && goesOn ? run.stretchUs(frame.rtpTime, frame.mediaUs) : 0;
    // What is decoded to begin anew after a crash was counted before it.
    const isNew = this.feed.watch?.takes(frame.ordinal) ?? true;
    const filled = run !== undefined && goesOn ? this.#conceal(this.#decoder, run, frame) : 0;
    if (isNew) this.#history.concealed(filled);
    const block = this.#decoder.decode(frame.data);
    if (block === null) {
      if (isNew) this.#history.refused();
      return;
    }
    if (run === undefined || !goesOn) {
      run = new SoundRun();
      this.#runs.push(run);
    }
    if (isNew) this.feed.watch?.block(frame.mediaUs, stretchUs, block);
    run.write(frame.rtpTime, frame.mediaUs, block);
    this.#before = frame;
  }

  /** Fills what is lost before `frame`. A gap in which no packet is missing is a silence that was not sent. Gives what was filled, in samples. */
  #conceal(decoder: SoundDecoder, run: SoundRun, frame: EncodedFrame): number {
    const before = this.#before;
    if (before === null || frame.lostBefore === 0) return 0;
    const gap = frame.rtpTime - run.endSample;
    const lost = Math.min(gap, frame.lostBefore * opusPacketSamples(before.data));
    if (lost <= 0 || gap / 0.048 > LONGEST_CONCEALED_US) return 0;
    const until = run.endSample + lost;
    let filled = 0;
    while (run.endSample < until) {
      const guess = decoder.conceal(before.data);
      if (guess === null) return filled;
      const block = guess.map((samples) => samples.subarray(0, until - run.endSample));
      const length = block[0]?.length ?? 0;
      if (length === 0) return filled;
      run.write(run.endSample, frame.mediaUs - (frame.rtpTime - run.endSample) / 0.048, block);
      filled += length;
    }
    return filled;
  }
}
