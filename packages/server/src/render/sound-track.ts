import { type EncodedFrame, opusPacketSamples } from '../capture/index.ts';
import type { SincKernel } from './sinc-kernel.ts';
import { SoundDecoder } from './sound-decoder.ts';
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
  #concealedSamples = 0;

  constructor(feed: StreamFeed) {
    this.feed = feed;
  }

  /** Packets that could not be read or decoded. */
  get undecodable(): number {
    return this.feed.counts.broken + (this.#decoder?.undecodable ?? 0);
  }

  /** Lost sound that was filled, in samples at 48 kHz. */
  get concealedSamples(): number {
    return this.#concealedSamples;
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
    if (run !== undefined && goesOn) this.#conceal(this.#decoder, run, frame);
    const block = this.#decoder.decode(frame.data);
    if (block === null) return;
    if (run === undefined || !goesOn) {
      run = new SoundRun();
      this.#runs.push(run);
    }
    run.write(frame.rtpTime, frame.mediaUs, block);
    this.#before = frame;
  }

  /** Fills what is lost before `frame`. A gap in which no packet is missing is a silence that was not sent. */
  #conceal(decoder: SoundDecoder, run: SoundRun, frame: EncodedFrame): void {
    const before = this.#before;
    if (before === null || frame.lostBefore === 0) return;
    const gap = frame.rtpTime - run.endSample;
    const lost = Math.min(gap, frame.lostBefore * opusPacketSamples(before.data));
    if (lost <= 0 || gap / 0.048 > LONGEST_CONCEALED_US) return;
    const until = run.endSample + lost;
    while (run.endSample < until) {
      const guess = decoder.conceal(before.data);
      if (guess === null) return;
      const block = guess.map((samples) => samples.subarray(0, until - run.endSample));
      const length = block[0]?.length ?? 0;
      if (length === 0) return;
      run.write(run.endSample, frame.mediaUs - (frame.rtpTime - run.endSample) / 0.048, block);
      this.#concealedSamples += length;
    }
  }
}
