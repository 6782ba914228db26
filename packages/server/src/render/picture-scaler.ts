import { AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, SWS_BICUBIC } from 'node-av/constants';
import { Frame, SoftwareScaleContext } from 'node-av/lib';
import { AvError } from './av-error.ts';
import { planesOf } from './canvas.ts';

/**
 * Brings the pictures of one stream to the size of its place: the place is filled and what sticks out is cut
 * off evenly on both sides (render mode "crop"). Sizes may change from picture to picture.
 *
 * The result is a picture of its own and not a part of the canvas: the scaler writes whole SIMD registers, so
 * the last ones of a row would reach into the neighbour.
 */
export class PictureScaler implements Disposable {
  readonly #scaled = new Frame();
  #context: SoftwareScaleContext | null = null;
  #key = '';
  #scaledKey = '';

  constructor() {
    this.#scaled.alloc();
  }

  /** The picture in the given size. Valid until the next call. @throws {AvError}. */
  scale(picture: Frame, target: { widthPx: number; heightPx: number }): Frame {
    const { width, height, format } = picture;
    if (format !== AV_PIX_FMT_YUV420P && format !== AV_PIX_FMT_YUVJ420P) throw new AvError(`pixel format ${format}`, 0);
    const crop = coverCrop({ widthPx: width, heightPx: height }, target);
    if (
      crop.widthPx === width &&
      crop.heightPx === height &&
      width === target.widthPx &&
      height === target.heightPx &&
      format === AV_PIX_FMT_YUV420P
    ) {
      return picture;
    }
    this.#prepare(crop, format, target);
    const source = planesOf(picture);
    const scaled = planesOf(this.#scaled);
    const slices = source.map(({ bytes, strideBytes }, index) => {
      const divisor = index === 0 ? 1 : 2;
      return bytes.subarray((crop.yPx / divisor) * strideBytes + crop.xPx / divisor);
    });
    const rows = this.#context?.scaleSync(
      slices,
      source.map(({ strideBytes }) => strideBytes),
      0,
      crop.heightPx,
      scaled.map(({ bytes }) => bytes),
      scaled.map(({ strideBytes }) => strideBytes),
    );
    AvError.check(rows ?? 0, 'scale');
    return this.#scaled;
  }

  [Symbol.dispose](): void {
    this.#context?.freeContext();
    this.#context = null;
    this.#scaled.free();
  }

  #prepare(crop: Crop, format: number, target: { widthPx: number; heightPx: number }): void {
    const scaledKey = `${target.widthPx}x${target.heightPx}`;
    if (scaledKey !== this.#scaledKey) {
      this.#scaled.unref();
      this.#scaled.width = target.widthPx;
      this.#scaled.height = target.heightPx;
      this.#scaled.format = AV_PIX_FMT_YUV420P;
      AvError.check(this.#scaled.getBuffer(0), 'scaled picture');
      this.#scaledKey = scaledKey;
    }
    const key = `${crop.widthPx}x${crop.heightPx}/${format}>${scaledKey}`;
    if (key === this.#key) return;
    this.#context?.freeContext();
    this.#context = new SoftwareScaleContext();
    this.#context.getContext(
      crop.widthPx,
      crop.heightPx,
      format as never,
      target.widthPx,
      target.heightPx,
      AV_PIX_FMT_YUV420P,
      SWS_BICUBIC,
    );
    this.#key = key;
  }
}

type Crop = { xPx: number; yPx: number; widthPx: number; heightPx: number };

/** The part of a picture that fills a place of another shape. Offsets are even, so that chroma samples stay whole. */
export function coverCrop(
  picture: { widthPx: number; heightPx: number },
  target: { widthPx: number; heightPx: number },
): Crop {
  const scale = Math.max(target.widthPx / picture.widthPx, target.heightPx / picture.heightPx);
  const widthPx = Math.min(picture.widthPx, Math.max(2, Math.round(target.widthPx / scale / 2) * 2));
  const heightPx = Math.min(picture.heightPx, Math.max(2, Math.round(target.heightPx / scale / 2) * 2));
  return {
    xPx: Math.floor((picture.widthPx - widthPx) / 4) * 2,
    yPx: Math.floor((picture.heightPx - heightPx) / 4) * 2,
    widthPx,
    heightPx,
  };
}
