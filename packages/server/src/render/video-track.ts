import { type EncodedFrame, isCapturedCodec } from '../capture/index.ts';
import type { StreamFeed } from './stream-feed.ts';
import { VideoDecoder } from './video-decoder.ts';

/**
 * One captured video stream while it is rendered: brings its picture to the one that is nearest to a moment.
 * @see VideoDecoder for what happens after a loss.
 */
export class VideoTrack implements Disposable {
  readonly feed: StreamFeed;
  #decoder: VideoDecoder | null = null;
  #pictureUs: number | null = null;
  #serial = 0;

  constructor(feed: StreamFeed) {
    this.feed = feed;
  }

  /** The picture that is shown now, with its media time and a number that changes with every new one. */
  get picture(): { frame: NonNullable<VideoDecoder['picture']>; mediaUs: number; serial: number } | null {
    const frame = this.#decoder?.picture ?? null;
    return frame === null || this.#pictureUs === null
      ? null
      : { frame, mediaUs: this.#pictureUs, serial: this.#serial };
  }

  /** Pictures that could not be put together or decoded. */
  get undecodable(): number {
    return this.feed.counts.broken + (this.#decoder?.undecodable ?? 0);
  }

  /** Decodes all that is captured up to `untilUs`. */
  showUntil(untilUs: number): void {
    for (let frame = this.feed.shift(untilUs); frame !== null; frame = this.feed.shift(untilUs)) this.#decode(frame);
  }

  [Symbol.dispose](): void {
    this.feed.close();
    this.#decoder?.[Symbol.dispose]();
    this.#decoder = null;
  }

  #decode(frame: EncodedFrame): void {
    const codec = this.feed.codec;
    if (codec === null || !isCapturedCodec(codec)) return;
    this.#decoder ??= new VideoDecoder(codec);
    if (!this.#decoder.decode(frame)) return;
    this.#pictureUs = frame.mediaUs;
    this.#serial += 1;
  }
}
