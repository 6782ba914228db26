import type { CodedSample } from './picture-encoder.ts';
import type { Segment } from './segment-file.ts';
import { AAC_FRAME_SAMPLES } from './sound-encoder.ts';

/** Coded sound frames before segment `index`: those that the encoder has given when the segment's last block is mixed. */
export function soundFramesBefore(index: number, segmentSamples: number): number {
  return soundFramesBeforeSample(index * segmentSamples);
}

/** As {@link soundFramesBefore}, for a segment that begins at `sample`. */
export function soundFramesBeforeSample(sample: number): number {
  return sample <= 0 ? 0 : Math.max(0, Math.floor(sample / AAC_FRAME_SAMPLES) - 1);
}

/** Gathers coded samples into segments. */
export interface Segments {
  addVideo(samples: readonly CodedSample[]): void;
  addAudio(samples: readonly CodedSample[]): void;
  /** The next segment when it is whole, else null. */
  take(): Segment | null;
  /** What is left, as the last segment; null when nothing is. */
  takeRest(): Segment | null;
}

/** Segments of equal length. Samples before its first segment are dropped: they are there already. */
export class SegmentBuilder implements Segments {
  readonly #media: { picture: boolean; sound: boolean };
  readonly #pictures: number;
  readonly #segmentSamples: number;
  #index: number;
  #video: CodedSample[] = [];
  #audio: CodedSample[] = [];

  /**
   * @param pictures Pictures of a segment.
   * @param segmentSamples Sound samples that a segment lasts.
   * @param firstIndex Of the segment that comes next.
   * @param media What comes; both by default.
   */
  constructor({
    pictures,
    segmentSamples,
    firstIndex,
    media = { picture: true, sound: true },
  }: {
    pictures: number;
    segmentSamples: number;
    firstIndex: number;
    media?: { picture: boolean; sound: boolean };
  }) {
    this.#media = media;
    this.#pictures = pictures;
    this.#segmentSamples = segmentSamples;
    this.#index = firstIndex;
  }

  addVideo(samples: readonly CodedSample[]): void {
    this.#video.push(...samples);
  }

  addAudio(samples: readonly CodedSample[]): void {
    const first = soundFramesBefore(this.#index, this.#segmentSamples);
    this.#audio.push(...samples.filter(({ index }) => index >= first));
  }

  /** The next segment when it is whole, else null. */
  take(): Segment | null {
    const audioEnd = soundFramesBefore(this.#index + 1, this.#segmentSamples);
    if (this.#media.picture && (this.#video.at(-1)?.index ?? -1) < (this.#index + 1) * this.#pictures - 1) return null;
    if (this.#media.sound && (this.#audio.at(-1)?.index ?? -1) < audioEnd - 1) return null;
    return this.#cut((this.#index + 1) * this.#pictures, audioEnd);
  }

  /** What is left, as the last segment; null when nothing is. */
  takeRest(): Segment | null {
    if (this.#video.length === 0 && this.#audio.length === 0) return null;
    return this.#cut(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  }

  #cut(videoEnd: number, audioEnd: number): Segment {
    const segment: Segment = {
      index: this.#index,
      video: this.#video.filter(({ index }) => index < videoEnd),
      audio: this.#audio.filter(({ index }) => index < audioEnd),
    };
    this.#video = this.#video.filter(({ index }) => index >= videoEnd);
    this.#audio = this.#audio.filter(({ index }) => index >= audioEnd);
    this.#index += 1;
    return segment;
  }
}
