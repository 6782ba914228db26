import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { SWS_AREA } from 'node-av/constants';
import { type Frame, SoftwareScaleContext } from 'node-av/lib';
import type { RenderedFile, StillFile, Stills } from '../recording/render-protocol.ts';
import { evenBelow, type Size } from '../timeline/index.ts';
import { AvError } from './av-error.ts';
import { encodeJpeg, jpegPicture } from './jpeg.ts';
import { KeyFrameDecoder } from './key-frame-decoder.ts';
import { isOneColor } from './one-color.ts';
import type { ReelParts } from './reel-parts.ts';
import { COPIED_HZ, readSegmentIndex } from './segment-file.ts';
import { THUMBNAILS_MAX, type Thumbnail, thumbnailIndex, thumbnailSheet } from './thumbnail-strip.ts';

const POSTER_PX = 640;
const THUMBNAIL_PX = 160;
/** A picture with which decoding can begin: when it is shown in the reel, and where it lies. */
type KeyFrame = { atUs: number; path: string; offset: number; sizeBytes: number; avcConfiguration: Buffer };

/** Thumbnails that are held before the file is done: more than a strip has, and 5 MB. */
const HELD_MAX = 2 * THUMBNAILS_MAX;

/**
 * Makes the stills of finished files from the key frames with which their segments begin: from what is on the disk
 * alone, so a render that was killed makes the same ones.
 *
 * A live render has idle time, in which `prepare` decodes what will be needed as far as it can be known; what is not
 * prepared is decoded at the end. A segment of copied pictures may have no key frame.
 */
export class StillsMaker implements Disposable {
  readonly #workFolder: string;
  readonly #reel: Pick<ReelParts, 'plan' | 'descriptions'>;
  readonly #held = new Map<number, Frame>();
  #decoder: KeyFrameDecoder | null = null;
  #configuration: Buffer | null = null;
  #next = 0;
  #step = 1;

  constructor(workFolder: string, reel: Pick<ReelParts, 'plan' | 'descriptions'>) {
    this.#workFolder = workFolder;
    this.#reel = reel;
  }

  /** Decodes one more key frame, if there is one. To be called when nothing else is to be done. */
  prepare(): void {
    if (!this.#reel.plan.media.picture) return;
    try {
      const segment = this.#next;
      if (readSegmentIndex(this.#workFolder, segment) === null) return;
      const key = this.#keyOf(segment);
      if (key !== null) this.#thumbnail(segment, key);
      this.#next += this.#step;
      if (this.#held.size <= HELD_MAX) return;
      this.#step *= 2;
      this.#next = Math.ceil(this.#next / this.#step) * this.#step;
      this.#drop((held) => held % this.#step !== 0);
    } catch (error) {
      complain(error);
      // Whether it can be decoded at all is told again when the file is done.
      this.#next = Number.POSITIVE_INFINITY;
    }
  }

  /**
   * Makes stills for those of the files that have a picture, beside them. The files follow one another from the beginning of
   * the reel on. What fails is left out, and said on standard error.
   */
  addTo(files: readonly RenderedFile[]): RenderedFile[] {
    let reachedUs = 0;
    return files.map((file) => {
      const fromUs = reachedUs;
      reachedUs += file.durationUs;
      if (file.widthPx === 0) return file;
      try {
        return { ...file, stills: this.#make(file, fromUs) };
      } catch (error) {
        complain(error);
        return file;
      }
    });
  }

  [Symbol.dispose](): void {
    this.#drop(() => true);
    this.#decoder?.[Symbol.dispose]();
    this.#decoder = null;
  }

  #make(file: RenderedFile, fromUs: number): Stills {
    // A playlist may have the name of an MP4 beside it.
    const base = join(dirname(file.path), file.type === 'hls' ? file.name : parse(file.name).name);
    const segments = this.#segmentsBetween(fromUs, fromUs + file.durationUs);
    let step = 1;
    while (Math.ceil(segments.length / step) > THUMBNAILS_MAX) step *= 2;
    const chosen = segments
      .filter((_, index) => index % step === 0)
      .flatMap((segment) => {
        const key = this.#keyOf(segment);
        return key === null ? [] : [{ segment, key }];
      });
    const thumbnails: Thumbnail[] = chosen.map(({ segment, key }, index) => ({
      picture: this.#thumbnail(segment, key),
      // What is shown before the first of them is the first of them.
      atUs: index === 0 ? 0 : key.atUs - fromUs,
    }));
    // Who waits alone is often dark for a while.
    const told = thumbnails.findIndex(({ picture }) => !isOneColor(picture));
    const first = chosen[Math.max(0, told)];
    if (first === undefined) throw new Error('there is no picture');
    const poster = posterOf(this.#decode(first.key));
    const picture = written(`${base}.thumbnails.jpg`, thumbnailSheet(thumbnails));
    const index = thumbnailIndex(thumbnails, picture.name, file.durationUs);
    return {
      poster: written(`${base}.poster.jpg`, poster),
      thumbnails: { picture, index: written(`${base}.thumbnails.vtt`, Buffer.from(index)) },
    };
  }

  /** The segments whose key frames are shown in a part of the reel. */
  #segmentsBetween(fromUs: number, untilUs: number): number[] {
    // Times of a file's beginning are rounded.
    const [from, until] = [fromUs - 1000, untilUs - 1000];
    const { plan } = this.#reel;
    if (plan.copied !== true) {
      // Thousands of them need not be read: all last as long as the plan says.
      const segmentUs = plan.video.keyframeIntervalS * 1_000_000;
      const first = Math.max(0, Math.ceil(from / segmentUs));
      return Array.from({ length: Math.max(1, Math.ceil(until / segmentUs) - first) }, (_, index) => first + index);
    }
    const segments: number[] = [];
    for (let segment = 0; readSegmentIndex(this.#workFolder, segment) !== null; segment += 1) {
      const key = this.#keyOf(segment);
      if (key !== null && key.atUs >= from && (key.atUs < until || segments.length === 0)) segments.push(segment);
    }
    return segments;
  }

  #thumbnail(segment: number, key: KeyFrame): Frame {
    const held = this.#held.get(segment);
    if (held !== undefined) return held;
    const { widthPx, heightPx } = this.#reel.plan.video;
    // All of a strip have one size, also when the pictures change theirs.
    const made = scaled(this.#decode(key), fitted({ width: widthPx, height: heightPx }, THUMBNAIL_PX));
    this.#held.set(segment, made);
    return made;
  }

  #drop(isDropped: (segment: number) => boolean): void {
    for (const [segment, frame] of this.#held) {
      if (!isDropped(segment)) continue;
      frame.free();
      this.#held.delete(segment);
    }
  }

  /** The first key frame of a segment; null when it has none. */
  #keyOf(segment: number): KeyFrame | null {
    const index = readSegmentIndex(this.#workFolder, segment);
    if (index === null) return null;
    const { path, dataOffset, videoSizes, copied } = index;
    const { plan, descriptions = [] } = this.#reel;
    const number = copied === undefined ? 0 : copied.keys.indexOf(true);
    const sizeBytes = videoSizes[number];
    if (sizeBytes === undefined) return null;
    const offset = videoSizes.slice(0, number).reduce((sum, size) => sum + size, dataOffset);
    const atUs =
      copied === undefined
        ? segment * plan.video.keyframeIntervalS * 1_000_000
        : ((copied.ticks[number] ?? 0) * 1_000_000) / COPIED_HZ;
    const avcConfiguration =
      descriptions[copied?.descriptions[number] ?? -1]?.avcConfiguration ??
      Buffer.from(plan.avcConfiguration, 'base64');
    return { atUs, path, offset, sizeBytes, avcConfiguration };
  }

  /** The picture of a key frame. Valid until the next call. */
  #decode({ path, offset, sizeBytes, avcConfiguration }: KeyFrame): Frame {
    if (this.#configuration === null || !avcConfiguration.equals(this.#configuration)) {
      this.#decoder?.[Symbol.dispose]();
      this.#decoder = null;
      this.#decoder = new KeyFrameDecoder(avcConfiguration);
      this.#configuration = avcConfiguration;
    }
    if (this.#decoder === null) throw new Error('there is no decoder');
    return this.#decoder.decode(readPart(path, offset, sizeBytes));
  }
}

/** Standard error is what the server logs of a render. */
function complain(error: unknown): void {
  process.stderr.write(`stills are left out: ${error instanceof Error ? error.message : String(error)}\n`);
}

function posterOf(picture: Frame): Buffer {
  using poster = scaled(picture, fitted(picture, POSTER_PX));
  return encodeJpeg(poster);
}

/** A size of the same shape that is at most so wide. */
function fitted({ width, height }: { width: number; height: number }, widthMaxPx: number): Size {
  const widthPx = evenBelow(Math.min(widthMaxPx, width));
  return { widthPx, heightPx: Math.max(2, evenBelow((height * widthPx) / width)) };
}

/** The picture in the colours of JPEG, in that size. */
function scaled(picture: Frame, { widthPx, heightPx }: Size): Frame {
  const target = jpegPicture({ widthPx, heightPx });
  const context = new SoftwareScaleContext();
  try {
    context.getContext(
      picture.width,
      picture.height,
      picture.format as never,
      widthPx,
      heightPx,
      target.format as never,
      SWS_AREA,
    );
    AvError.check(context.scaleFrameSync(target, picture), 'scale still');
    return target;
  } catch (error) {
    target.free();
    throw error;
  } finally {
    context.freeContext();
  }
}

function readPart(path: string, offset: number, length: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    if (readSync(fd, bytes, 0, length, offset) < length) throw new Error('a segment is shorter than its index says');
    return bytes;
  } finally {
    closeSync(fd);
  }
}

/** Nobody is told of it before it is whole, and the store brings it to its disk. */
function written(path: string, bytes: Buffer): StillFile {
  writeFileSync(path, bytes, { mode: 0o600 });
  return { name: parse(path).base, path, sizeBytes: bytes.length };
}
