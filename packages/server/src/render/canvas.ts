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

  /** Paints a rectangle in one colour. */
  fill(rectangle: Rectangle, { y, u, v }: YuvColor): void {
    const values = [y, u, v];
    this.#planes.forEach((plane, index) => {
      const part = planeRectangle(rectangle, index);
      for (let row = 0; row < part.heightPx; row += 1) {
        const start = (part.yPx + row) * plane.strideBytes + part.xPx;
        plane.bytes.fill(values[index] ?? 0, start, start + part.widthPx);
      }
    });
  }

  /** Copies a picture of the rectangle's size into it. */
  paste(rectangle: Rectangle, picture: Frame): void {
    const sources = planesOf(picture);
    this.#planes.forEach((plane, index) => {
      const source = sources[index];
      if (source === undefined) return;
      const part = planeRectangle(rectangle, index);
      for (let row = 0; row < part.heightPx; row += 1) {
        const start = row * source.strideBytes;
        source.bytes.copy(plane.bytes, (part.yPx + row) * plane.strideBytes + part.xPx, start, start + part.widthPx);
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
