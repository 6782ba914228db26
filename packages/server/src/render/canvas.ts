import {
  AV_PIX_FMT_YUV420P,
  AVCOL_PRI_SMPTE170M,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_SMPTE170M,
  AVCOL_TRC_SMPTE170M,
} from 'node-av/constants';
import { Frame } from 'node-av/lib';
import type { Rectangle } from '../timeline/index.ts';
import { AvError } from './av-error.ts';
import type { YuvColor } from './yuv-color.ts';

/** A plane of 8-bit samples. */
export type Plane = { bytes: Buffer; strideBytes: number };
/** The planes of a 4:2:0 picture: brightness, and two of colour at half the size. */
export type Planes = readonly [Plane, Plane, Plane];
/** How much is seen through a picture, 0 nothing to 255 all: at its brightness, and at its colour at half the size. */
export type SeenThrough = readonly [Plane, Plane];

/** What of a picture is painted, and how. */
export type PasteOptions = { clip?: Rectangle; alpha?: number };

/** The picture that is painted on and encoded. It stays between frames; only what changes is painted. */
export class Canvas implements Disposable {
  readonly frame = new Frame();
  readonly widthPx: number;
  readonly heightPx: number;
  readonly #planes: Planes;

  constructor({ widthPx, heightPx }: { widthPx: number; heightPx: number }) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    const { frame } = this;
    frame.alloc();
    frame.width = widthPx;
    frame.height = heightPx;
    frame.format = AV_PIX_FMT_YUV420P;
    frame.colorRange = AVCOL_RANGE_MPEG;
    frame.colorSpace = AVCOL_SPC_SMPTE170M;
    frame.colorPrimaries = AVCOL_PRI_SMPTE170M;
    frame.colorTrc = AVCOL_TRC_SMPTE170M;
    AvError.check(frame.getBuffer(0), 'canvas');
    this.#planes = planesOf(frame);
  }

  /** Paints a rectangle in one colour. @param alpha 0 opaque (the default) to 255 invisible. */
  fill(rectangle: Rectangle, { y, u, v }: YuvColor, alpha = 0): void {
    const values = [y, u, v];
    this.#planes.forEach((plane, index) => {
      const value = values[index] ?? 0;
      const part = planeRectangle(rectangle, index);
      for (let row = 0; row < part.heightPx; row += 1) {
        const start = (part.yPx + row) * plane.strideBytes + part.xPx;
        if (alpha === 0) plane.bytes.fill(value, start, start + part.widthPx);
        else blendValue(plane.bytes, start, part.widthPx, value, alpha);
      }
    });
  }

  /**
   * Copies a part of a picture.
   * @param rectangle Where the whole picture, which has this size, lies on the canvas.
   * @param clip The part of the rectangle to be painted; all of it by default.
   * @param alpha 0 opaque (the default) to 255 invisible.
   */
  paste(rectangle: Rectangle, sources: Planes, { clip = rectangle, alpha = 0 }: PasteOptions = {}): void {
    this.#planes.forEach((plane, index) => {
      const source = sources[index];
      if (source === undefined) return;
      const part = planeRectangle(clip, index);
      const corner = planeRectangle(rectangle, index);
      for (let row = 0; row < part.heightPx; row += 1) {
        const start = (part.yPx - corner.yPx + row) * source.strideBytes + part.xPx - corner.xPx;
        const at = (part.yPx + row) * plane.strideBytes + part.xPx;
        if (alpha === 0) source.bytes.copy(plane.bytes, at, start, start + part.widthPx);
        else blendRow(plane.bytes, at, source.bytes, start, part.widthPx, alpha);
      }
    });
  }

  /**
   * Lays a picture with transparency of its own over what is there.
   * @param rectangle Where the whole picture lies on the canvas.
   * @param sources What is left of the picture behind its transparency.
   * @param through How much is seen of what lies below.
   * @param clip The part of the rectangle to be painted.
   */
  overlay(rectangle: Rectangle, sources: Planes, through: SeenThrough, clip: Rectangle): void {
    this.#planes.forEach((plane, index) => {
      const source = sources[index];
      const seen = through[index === 0 ? 0 : 1];
      if (source === undefined) return;
      const part = planeRectangle(clip, index);
      const corner = planeRectangle(rectangle, index);
      for (let row = 0; row < part.heightPx; row += 1) {
        const start = (part.yPx - corner.yPx + row) * source.strideBytes + part.xPx - corner.xPx;
        const at = (part.yPx + row) * plane.strideBytes + part.xPx;
        overlayRow(plane.bytes, at, source.bytes, seen.bytes, start, part.widthPx);
      }
    });
  }

  [Symbol.dispose](): void {
    this.frame.free();
  }
}

/** The three planes of a 4:2:0 picture. @throws {AvError} when it has not three. */
export function planesOf(frame: Frame): [Plane, Plane, Plane] {
  const [y, u, v] = frame.data ?? [];
  const [yStride, uStride, vStride] = frame.linesize;
  if (
    y === undefined ||
    u === undefined ||
    v === undefined ||
    yStride === undefined ||
    uStride === undefined ||
    vStride === undefined
  ) {
    throw new AvError('the picture is not planar', 0);
  }
  return [
    { bytes: y, strideBytes: yStride },
    { bytes: u, strideBytes: uStride },
    { bytes: v, strideBytes: vStride },
  ];
}

function planeRectangle(rectangle: Rectangle, plane: number): Rectangle {
  if (plane === 0) return rectangle;
  const { xPx, yPx, widthPx, heightPx } = rectangle;
  return { xPx: xPx / 2, yPx: yPx / 2, widthPx: widthPx / 2, heightPx: heightPx / 2 };
}

function blendRow(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  from: number,
  count: number,
  alpha: number,
): void {
  for (let index = 0; index < count; index += 1)
    target[at + index] = blend(target[at + index] ?? 0, source[from + index] ?? 0, alpha);
}

function blendValue(target: Uint8Array, at: number, count: number, value: number, alpha: number): void {
  for (let index = at; index < at + count; index += 1) target[index] = blend(target[index] ?? 0, value, alpha);
}

/** `seen` has the same rows as `source`. */
function overlayRow(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  seen: Uint8Array,
  from: number,
  count: number,
): void {
  for (let index = 0; index < count; index += 1) {
    const through = seen[from + index] ?? 0;
    // Most of a text is not there.
    if (through === 255) continue;
    const sum = (target[at + index] ?? 0) * through + 128;
    target[at + index] = ((sum + (sum >> 8)) >> 8) + (source[from + index] ?? 0);
  }
}

/** `under` seen through `over`, rounded: the shifts divide by 255 without an error for what two bytes can give. */
function blend(under: number, over: number, alpha: number): number {
  const sum = under * alpha + over * (255 - alpha) + 128;
  return (sum + (sum >> 8)) >> 8;
}
