import type { CodedSample } from './picture-encoder.ts';
import { type Segments, soundFramesBeforeSample } from './segment-builder.ts';
import { COPIED_HZ, type Segment } from './segment-file.ts';

/** A segment without a key frame is closed after this long, so that little is held; no file can be split before the next one. */
const LONGEST_TICKS = 10 * COPIED_HZ;

/**
 * Gathers copied pictures, which come when they like, and sound into segments: each begins with a key frame where
 * one comes in time. Where they begin depends on the pictures alone. Segments before the first one that is wanted
 * are dropped: they are there already.
 */
export class CopiedSegments implements Segments {
  readonly #media: { picture: boolean; sound: boolean };
  readonly #leastTicks: number;
  readonly #rateHz: number;
  readonly #first: number;
  readonly #firstFrame: number;
  /** Where the segments end that are not given yet, the oldest first. */
  readonly #borders: number[] = [];
  #startTicks = 0;
  #index = 0;
  #video: CodedSample[] = [];
  #audio: CodedSample[] = [];

  /**
   * @param segmentS Least length of a segment, in seconds.
   * @param sampleRateHz Of the sound.
   * @param firstIndex The first segment that is wanted, `firstFrame`: its first sound frame.
   */
  constructor({
    segmentS,
    sampleRateHz,
    firstIndex,
    firstFrame,
    media,
  }: {
    segmentS: number;
    sampleRateHz: number;
    firstIndex: number;
    firstFrame: number;
    media: { picture: boolean; sound: boolean };
  }) {
    this.#leastTicks = segmentS * COPIED_HZ;
    this.#rateHz = sampleRateHz;
    this.#first = firstIndex;
    this.#firstFrame = firstFrame;
    this.#media = media;
  }

  addVideo(samples: readonly CodedSample[]): void {
    for (const sample of samples) {
      const ticks = sample.copied?.ticks ?? 0;
      const lengthTicks = ticks - this.#startTicks;
      if (lengthTicks >= LONGEST_TICKS || (sample.key && lengthTicks >= this.#leastTicks)) this.#close(ticks);
      this.#video.push(sample);
    }
  }

  addAudio(samples: readonly CodedSample[]): void {
    this.#audio.push(...samples.filter(({ index }) => index >= this.#firstFrame));
  }

  /** Says how far everything is: a segment in which no picture comes is closed all the same. */
  reach(ticks: number): void {
    if (ticks - this.#startTicks >= LONGEST_TICKS) this.#close(ticks);
  }

  take(): Segment | null {
    for (;;) {
      const border = this.#borders[0];
      if (border === undefined) return null;
      const audioEnd = soundFramesBeforeSample(Math.round((border * this.#rateHz) / COPIED_HZ));
      const isWanted = this.#index >= this.#first;
      if (isWanted && this.#media.sound && (this.#audio.at(-1)?.index ?? -1) < audioEnd - 1) return null;
      this.#borders.shift();
      const segment = this.#cut(border, audioEnd);
      if (isWanted) return segment;
    }
  }

  takeRest(): Segment | null {
    const isThere = this.#index < this.#first;
    if (isThere || (this.#video.length === 0 && this.#audio.length === 0)) return null;
    return this.#cut(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  }

  #close(ticks: number): void {
    this.#borders.push(ticks);
    this.#startTicks = ticks;
  }

  #cut(borderTicks: number, audioEnd: number): Segment {
    const isBefore = ({ copied }: CodedSample): boolean => (copied?.ticks ?? 0) < borderTicks;
    const segment: Segment = {
      index: this.#index,
      video: this.#video.filter(isBefore),
      audio: this.#audio.filter(({ index }) => index < audioEnd),
    };
    this.#video = this.#video.filter((sample) => !isBefore(sample));
    this.#audio = this.#audio.filter(({ index }) => index >= audioEnd);
    this.#index += 1;
    return segment;
  }
}
