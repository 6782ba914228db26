import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { SWS_AREA } from 'node-av/constants';
import { type Frame, SoftwareScaleContext } from 'node-av/lib';
import type { RenderedFile, StillFile, Stills } from '../recording/render-protocol.ts';
import { mediaOf } from '../recording/task-parameters.ts';
import { evenBelow } from '../timeline/index.ts';
import { AvError } from './av-error.ts';
import { encodeJpeg, jpegPicture } from './jpeg.ts';
import { KeyFrameDecoder } from './key-frame-decoder.ts';
import { isOneColor } from './one-color.ts';
import type { RenderPlan } from './render-plan.ts';
import { readSegmentIndex } from './segment-file.ts';
import { THUMBNAILS_MAX, type Thumbnail, thumbnailIndex, thumbnailSheet } from './thumbnail-strip.ts';

const POSTER_PX = 640;
const THUMBNAIL_PX = 160;
/** Thumbnails that are held before the file is done: more than a strip has, and 5 MB. */
const HELD_MAX = 2 * THUMBNAILS_MAX;

/**
 * Makes the stills of finished files from the key frames with which their segments begin: from what is on the disk
 * alone, so a render that was killed makes the same ones.
 *
 * A live render has idle time, in which `prepare` decodes what will be needed as far as it can be known; what is not
 * prepared is decoded at the end. Segments all last as long as the plan says.
 */
export class StillsMaker implements Disposable {
  readonly #workFolder: string;
  readonly #plan: RenderPlan;
  readonly #held = new Map<number, Frame>();
  #decoder: KeyFrameDecoder | null = null;
  #next = 0;
  #step = 1;

  constructor(workFolder: string, plan: RenderPlan) {
    this.#workFolder = workFolder;
    this.#plan = plan;
  }

  /** Decodes one more key frame, if there is one. To be called when nothing else is to be done. */
  prepare(): void {
    if (!mediaOf(this.#plan.parameters.output).picture) return;
    try {
      const segment = this.#next;
      if (!this.#isThere(segment)) return;
      this.#thumbnail(segment);
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
   * Makes stills for those of the files that have a picture, beside them. Of each kind the files follow one another from the
   * first segment on. What fails is left out, and said on standard error.
   */
  addTo(files: readonly RenderedFile[]): RenderedFile[] {
    const reached = new Map<RenderedFile['type'], number>();
    return files.map((file) => {
      const first = reached.get(file.type) ?? 0;
      const count = Math.max(1, Math.ceil((file.durationUs - 1000) / this.#segmentUs));
      reached.set(file.type, first + count);
      if (file.widthPx === 0) return file;
      try {
        return { ...file, stills: this.#make(file, first, count) };
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

  get #segmentUs(): number {
    return this.#plan.parameters.video.keyframeIntervalS * 1_000_000;
  }

  #make(file: RenderedFile, first: number, count: number): Stills {
    const base = join(dirname(file.path), parse(file.name).name);
    let step = 1;
    while (Math.ceil(count / step) > THUMBNAILS_MAX) step *= 2;
    const thumbnails: Thumbnail[] = [];
    for (let index = 0; index < count; index += step) {
      const picture = this.#isThere(first + index) ? this.#thumbnail(first + index) : null;
      if (picture !== null) thumbnails.push({ picture, atUs: index * this.#segmentUs });
    }
    // Who waits alone is often dark for a while.
    const told = thumbnails.find(({ picture }) => !isOneColor(picture)) ?? thumbnails[0];
    if (told === undefined) throw new Error('there is no picture');
    const poster = posterOf(this.#decode(first + Math.round(told.atUs / this.#segmentUs)));
    const picture = written(`${base}.thumbnails.jpg`, thumbnailSheet(thumbnails));
    const index = thumbnailIndex(thumbnails, picture.name, file.durationUs);
    return {
      poster: written(`${base}.poster.jpg`, poster),
      thumbnails: { picture, index: written(`${base}.thumbnails.vtt`, Buffer.from(index)) },
    };
  }

  #thumbnail(segment: number): Frame {
    const held = this.#held.get(segment);
    if (held !== undefined) return held;
    const made = scaled(this.#decode(segment), THUMBNAIL_PX);
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

  #isThere(segment: number): boolean {
    return Number.isFinite(segment) && (readSegmentIndex(this.#workFolder, segment)?.videoSizes.length ?? 0) > 0;
  }

  /** The picture with which a segment begins. Valid until the next call. */
  #decode(segment: number): Frame {
    const index = readSegmentIndex(this.#workFolder, segment);
    const sizeBytes = index?.videoSizes[0];
    if (index === null || sizeBytes === undefined) throw new Error(`segment ${segment} has no picture`);
    this.#decoder ??= new KeyFrameDecoder(Buffer.from(this.#plan.avcConfiguration, 'base64'));
    return this.#decoder.decode(readPart(index.path, index.dataOffset, sizeBytes));
  }
}

/** Standard error is what the server logs of a render. */
function complain(error: unknown): void {
  process.stderr.write(`stills are left out: ${error instanceof Error ? error.message : String(error)}\n`);
}

function posterOf(picture: Frame): Buffer {
  using poster = scaled(picture, POSTER_PX);
  return encodeJpeg(poster);
}

/** The picture in the colours of JPEG, at most so wide. */
function scaled(picture: Frame, widthMaxPx: number): Frame {
  const widthPx = evenBelow(Math.min(widthMaxPx, picture.width));
  const heightPx = Math.max(2, evenBelow((picture.height * widthPx) / picture.width));
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
