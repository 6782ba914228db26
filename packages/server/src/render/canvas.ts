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

/** A colour in BT.601, limited range. */
export type YuvColor = { y: number; u: number; v: number };

/** A plane of 8-bit samples. */
export type Plane = { bytes: Buffer; strideBytes: number };

/** Turns `#rrggbb` into BT.601, limited range: what cameras send over VP8 and H.264 in calls, and what the file is tagged with. */
export function yuvOf(color: string): YuvColor {
  const value = Number.parseInt(color.replace('#', ''), 16) || 0;
  const [r, g, b] = [(value >> 16) & 255, (value >> 8) & 255, value & 255];
  return {
    y: Math.round(16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255),
    u: Math.round(128 + (-37.797 * r - 74.203 * g + 112 * b) / 255),
    v: Math.round(128 + (112 * r - 93.786 * g - 18.214 * b) / 255),
  };
}

/** What of a picture is painted, and how. */
export type PasteOptions = { clip?: Rectangle; alpha?: number };

/** The picture that is painted on and encoded. It stays between frames; only what changes is painted. */
export class Canvas implements Disposable {
  readonly frame = new Frame();
  readonly widthPx: number;
  readonly heightPx: number;
  readonly #planes: [Plane, Plane, Plane];

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
  paste(rectangle: Rectangle, picture: Frame, { clip = rectangle, alpha = 0 }: PasteOptions = {}): void {
    const sources = planesOf(picture);
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

/** `under` seen through `over`, rounded: the shifts divide by 255 without an error for what two bytes can give. */
function blend(under: number, over: number, alpha: number): number {
  const sum = under * alpha + over * (255 - alpha) + 128;
  return (sum + (sum >> 8)) >> 8;
}
