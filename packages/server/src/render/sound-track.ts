import type { EncodedFrame } from '../capture/index.ts';
import type { SincKernel } from './sinc-kernel.ts';
import { SoundDecoder } from './sound-decoder.ts';
import { SoundRun } from './sound-run.ts';
import type { StreamFeed } from './stream-feed.ts';

/** One captured sound stream while it is rendered. */
export class SoundTrack implements Disposable {
  readonly feed: StreamFeed;
  #runs: SoundRun[] = [];
  #decoder: SoundDecoder | null = null;

  constructor(feed: StreamFeed) {
    this.feed = feed;
  }

  /** Packets that could not be read or decoded. */
  get undecodable(): number {
    return this.feed.counts.broken + (this.#decoder?.undecodable ?? 0);
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
    const block = this.#decoder.decode(frame.data);
    if (block === null) return;
    let run = this.#runs.at(-1);
    if (run === undefined || !run.continues(frame.rtpTime, frame.mediaUs)) {
      run = new SoundRun(block.length);
      this.#runs.push(run);
    }
    run.write(frame.rtpTime, frame.mediaUs, block);
  }
}
