import { AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, SWS_BICUBIC } from 'node-av/constants';
import { Frame, SoftwareScaleContext } from 'node-av/lib';
import type { Orientation } from '../capture/index.ts';
import { AvError } from './av-error.ts';
import { type Plane, planesOf } from './canvas.ts';

/** Side of the squares that are turned at once: rows of both pictures stay in the cache. */
const TILE = 16;

/**
 * Brings the pictures of one stream upright, and into 4:2:0 where they are not. What is upright already is
 * given as it is.
 */
export class UprightPicture implements Disposable {
  readonly #turned = new Frame();
  readonly #converted = new Frame();
  #context: SoftwareScaleContext | null = null;
  #contextKey = '';

  constructor() {
    this.#turned.alloc();
    this.#converted.alloc();
  }

  /** The picture as it is to be shown. Valid until the next call. @throws {AvError}. */
  of(picture: Frame, { turnDegrees, mirrored }: Orientation): Frame {
    const planar = isPlanar420(picture) ? picture : this.#convert(picture);
    if (turnDegrees === 0 && !mirrored) return planar;
    const { width, height } = planar;
    const isAcross = turnDegrees === 90 || turnDegrees === 270;
    prepare(this.#turned, isAcross ? height : width, isAcross ? width : height, planar.format);
    const sources = planesOf(planar);
    planesOf(this.#turned).forEach((target, index) => {
      const source = sources[index];
      const half = (side: number): number => (index === 0 ? side : (side + 1) >> 1);
      if (source !== undefined)
        turnPlane(source, target, { width: half(width), height: half(height), turnDegrees, mirrored });
    });
    return this.#turned;
  }

  [Symbol.dispose](): void {
    this.#context?.freeContext();
    this.#context = null;
    this.#turned.free();
    this.#converted.free();
  }

  #convert(picture: Frame): Frame {
    const { width, height, format } = picture;
    prepare(this.#converted, width, height, AV_PIX_FMT_YUV420P);
    const key = `${width}x${height}/${format}`;
    if (key !== this.#contextKey) {
      this.#context?.freeContext();
      this.#context = new SoftwareScaleContext();
      this.#context.getContext(width, height, format as never, width, height, AV_PIX_FMT_YUV420P, SWS_BICUBIC);
      this.#contextKey = key;
    }
    AvError.check(this.#context?.scaleFrameSync(this.#converted, picture) ?? 0, 'convert picture');
    return this.#converted;
  }
}

function isPlanar420({ format }: Frame): boolean {
  return format === AV_PIX_FMT_YUV420P || format === AV_PIX_FMT_YUVJ420P;
}

function prepare(frame: Frame, width: number, height: number, format: number): void {
  if (frame.width === width && frame.height === height && frame.format === format) return;
  frame.unref();
  frame.width = width;
  frame.height = height;
  frame.format = format as never;
  AvError.check(frame.getBuffer(0), 'turned picture');
}

/** Copies a plane of `width` × `height` samples, turned clockwise and then mirrored left to right. */
export function turnPlane(
  source: Plane,
  target: Plane,
  { width, height, turnDegrees, mirrored }: { width: number; height: number } & Orientation,
): void {
  const isAcross = turnDegrees === 90 || turnDegrees === 270;
  const targetWidth = isAcross ? height : width;
  const targetHeight = isAcross ? width : height;
  // Where the first target sample comes from, and how the source moves with a step right and a step down.
  const [startX, startY] = [
    turnDegrees === 180 || turnDegrees === 270 ? width - 1 : 0,
    turnDegrees === 90 || turnDegrees === 180 ? height - 1 : 0,
  ];
  let right = { 0: 1, 90: -source.strideBytes, 180: -1, 270: source.strideBytes }[turnDegrees];
  const down = { 0: source.strideBytes, 90: 1, 180: -source.strideBytes, 270: -1 }[turnDegrees];
  let first = startY * source.strideBytes + startX;
  if (mirrored) {
    first += right * (targetWidth - 1);
    right = -right;
  }
  for (let tileY = 0; tileY < targetHeight; tileY += TILE) {
    const untilY = Math.min(tileY + TILE, targetHeight);
    for (let tileX = 0; tileX < targetWidth; tileX += TILE) {
      const untilX = Math.min(tileX + TILE, targetWidth);
      for (let y = tileY; y < untilY; y += 1) {
        let from = first + y * down + tileX * right;
        const row = y * target.strideBytes;
        for (let x = tileX; x < untilX; x += 1) {
          target.bytes[row + x] = source.bytes[from] ?? 0;
          from += right;
        }
      }
    }
  }
}
