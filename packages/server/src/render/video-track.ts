import type { Frame } from 'node-av/lib';
import { type EncodedFrame, isCapturedCodec } from '../capture/index.ts';
import type { Size } from '../timeline/index.ts';
import { PictureHistory } from './picture-history.ts';
import type { StreamFeed } from './stream-feed.ts';
import { UprightPicture } from './upright-picture.ts';
import { type DecodedPicture, VideoDecoder } from './video-decoder.ts';

/**
 * One captured video stream while it is rendered: brings its picture to the one that is nearest to a moment.
 * @see VideoDecoder for what happens after a loss.
 */
export class VideoTrack implements Disposable {
  readonly feed: StreamFeed;
  readonly history: PictureHistory;
  readonly #upright = new UprightPicture();
  #decoder: VideoDecoder | null = null;
  #shown: DecodedPicture | null = null;
  #turned: Frame | null = null;
  #serial = 0;

  constructor(feed: StreamFeed) {
    this.feed = feed;
    this.history = feed.watch?.pictures ?? new PictureHistory();
  }

  /**
   * The picture that is shown now, upright, with its media time and a number that changes with every new one.
   * @throws {AvError} when it cannot be turned.
   */
  get picture(): { frame: Frame; mediaUs: number; serial: number } | null {
    if (this.#shown === null) return null;
    // Turned only when somebody looks: most pictures of a stream fall between those of the file.
    this.#turned ??= this.#upright.of(this.#shown.frame, this.#shown.orientation);
    return { frame: this.#turned, mediaUs: this.#shown.mediaUs, serial: this.#serial };
  }

  /** Media time of the picture that is shown now, or null. */
  get shownUs(): number | null {
    return this.#shown?.mediaUs ?? null;
  }

  /** Size of the picture that is shown now, as it was sent, or null. */
  get shownSize(): Size | null {
    const frame = this.#shown?.frame;
    return frame === undefined ? null : { widthPx: frame.width, heightPx: frame.height };
  }

  /** Pictures that could not be put together or decoded. */
  get undecodable(): number {
    return this.feed.counts.broken + this.history.undecodable;
  }

  /** Decodes all that is captured up to `untilUs`. */
  showUntil(untilUs: number): void {
    this.#decodeUntil(untilUs);
    this.feed.watch?.seenAt(untilUs, () => this.picture?.frame ?? null);
  }

  [Symbol.dispose](): void {
    this.feed.close();
    this.#shown?.frame.free();
    this.#shown = null;
    this.#turned = null;
    this.#decoder?.[Symbol.dispose]();
    this.#decoder = null;
    this.#upright[Symbol.dispose]();
  }

  #decodeUntil(untilUs: number): void {
    for (;;) {
      for (let next = this.#decoder?.shift(untilUs); next; next = this.#decoder?.shift(untilUs)) this.#show(next);
      const isOwed = this.#decoder?.owes(untilUs) === true;
      // What a decoder holds back comes out with the pictures coded after it.
      const frame = this.feed.shift(isOwed ? Number.POSITIVE_INFINITY : untilUs);
      if (frame !== null) this.#decode(frame);
      else if (isOwed && this.feed.finished) this.#decoder?.drain();
      else return;
    }
  }

  #decode(frame: EncodedFrame): void {
    const codec = this.feed.codec;
    if (codec === null || !isCapturedCodec(codec)) return;
    this.#decoder ??= new VideoDecoder(codec);
    const result = this.#decoder.decode(frame);
    if (this.feed.watch?.takes(frame.ordinal) === false) return;
    if (result === 'taken') this.history.decoded(frame.mediaUs);
    else if (result === 'refused') this.history.refused(frame.mediaUs);
    else this.history.passedOver(frame.mediaUs);
  }

  #show(picture: DecodedPicture): void {
    if (this.#shown !== null) this.#decoder?.release(this.#shown);
    this.#shown = picture;
    this.#turned = null;
    this.#serial += 1;
    this.history.shown(picture.mediaUs, picture.frame);
  }
}
