import type { EncodedFrame } from '../capture/index.ts';
import type { Size } from '../timeline/index.ts';
import { avcDecoderConfiguration, lengthPrefixed, parameterSetsOf } from './h264-bytes.ts';
import { keyFrameSize } from './key-frame-size.ts';
import type { AvcDescription } from './mp4-movie.ts';
import type { CodedSample } from './picture-encoder.ts';
import { COPIED_HZ } from './segment-file.ts';
import type { VideoTrack } from './video-track.ts';

/** The pictures of a stream cannot be copied into a file as they are: they have to be encoded anew. */
export class NotCopyable extends Error {
  override readonly name = 'NotCopyable';
}

/**
 * Takes H.264 pictures over as they were captured. After a loss nothing is taken until the next key frame, as when
 * they are decoded. Other parameter sets begin a new description, whose size is found by decoding one picture.
 */
export class CopiedPictures {
  readonly #descriptions: AvcDescription[] = [];
  readonly #keys = new Map<string, number>();
  #current: number | null = null;
  #lastTicks = -1;
  #count = 0;
  #size: Size | null = null;

  /** What the pictures are, in the order in which they came. */
  get descriptions(): readonly AvcDescription[] {
    return this.#descriptions;
  }

  /** Size of the picture that was taken last; null before the first one. */
  get size(): Size | null {
    return this.#size;
  }

  /**
   * Takes what a track has got up to `untilUs`.
   * @param fileUs How far into the file a media time lies.
   * @throws {NotCopyable} when a picture would not be shown as it was captured.
   */
  take(track: VideoTrack, untilUs: number, fileUs: (mediaUs: number) => number): CodedSample[] {
    const samples: CodedSample[] = [];
    for (let frame = track.feed.shift(untilUs); frame !== null; frame = track.feed.shift(untilUs)) {
      if (track.feed.codec !== 'h264') throw new NotCopyable(`the stream is ${track.feed.codec ?? 'unknown'}`);
      const { turnDegrees, mirrored } = frame.orientation;
      if (turnDegrees !== 0 || mirrored) throw new NotCopyable('the pictures are turned');
      const sample = this.#sampleOf(frame, track, Math.round((fileUs(frame.mediaUs) * COPIED_HZ) / 1_000_000));
      if (sample !== null) samples.push(sample);
    }
    return samples;
  }

  /** Makes the next picture wait for a key frame: it is of another stream. */
  restart(): void {
    this.#current = null;
  }

  #sampleOf(frame: EncodedFrame, track: VideoTrack, ticks: number): CodedSample | null {
    if (frame.afterLoss) this.#current = null;
    if (frame.key) this.#current = this.#describe(frame) ?? this.#current;
    if (this.#current === null) {
      track.history.passedOver(frame.mediaUs);
      return null;
    }
    if (ticks < 0) throw new NotCopyable('the stream begins before the file');
    // Pictures that are shown in another order than they are coded in need more than a time each.
    if (ticks <= this.#lastTicks) throw new NotCopyable('the pictures are not in the order of showing');
    this.#lastTicks = ticks;
    const description = this.#current;
    const { widthPx = 0, heightPx = 0 } = this.#descriptions[description] ?? {};
    this.#size = { widthPx, heightPx };
    track.history.decoded(frame.mediaUs);
    track.feed.watch?.shown(frame.mediaUs, frame.mediaUs);
    track.history.shown(frame.mediaUs, { width: widthPx, height: heightPx });
    const index = this.#count;
    this.#count += 1;
    // Chromium knows the first description only: in a file of several sizes it goes by the sets beside the pictures.
    const data = lengthPrefixed(frame.data, { withSets: true });
    return { index, key: frame.key, data, copied: { ticks, description } };
  }

  /** Number of the description of a key frame; null when it brings no parameter sets. */
  #describe(frame: EncodedFrame): number | null {
    const sets = parameterSetsOf(frame.data);
    if (sets === null) return null;
    const key = sets.toString('base64');
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const number = this.#descriptions.length;
    this.#descriptions.push({ ...sizeOf(frame), avcConfiguration: avcDecoderConfiguration(sets) });
    this.#keys.set(key, number);
    return number;
  }
}

function sizeOf({ data }: EncodedFrame): Size {
  const size = keyFrameSize('h264', data);
  if (size === null) throw new NotCopyable('a key frame cannot be decoded');
  return size;
}
