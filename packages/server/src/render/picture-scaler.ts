import { AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, SWS_BICUBIC } from 'node-av/constants';
import { Frame, SoftwareScaleContext } from 'node-av/lib';
import type { Rectangle, Size } from '../timeline/index.ts';
import { AvError } from './av-error.ts';
import { planesOf } from './canvas.ts';

/**
 * Brings a part of a stream's pictures to the size in which they are shown. Sizes may change from picture to
 * picture; the same picture in the same size is scaled once.
 *
 * The result is a picture of its own and not a part of the canvas: the scaler writes whole SIMD registers, so
 * the last ones of a row would reach into the neighbour.
 */
export class PictureScaler implements Disposable {
  readonly #scaled = new Frame();
  #context: SoftwareScaleContext | null = null;
  #key = '';
  #scaledKey = '';
  #content = '';

  constructor() {
    this.#scaled.alloc();
  }

  /**
   * The part `crop` of the picture in the given size. Valid until the next call, or as long as the picture itself.
   * @param serial Changes with every picture.
   * @throws {AvError}.
   */
  scale(picture: Frame, serial: number, crop: Rectangle, target: Size): Frame {
    const { width, height, format } = picture;
    if (format !== AV_PIX_FMT_YUV420P && format !== AV_PIX_FMT_YUVJ420P) throw new AvError(`pixel format ${format}`, 0);
    if (
      crop.widthPx === width &&
      crop.heightPx === height &&
      width === target.widthPx &&
      height === target.heightPx &&
      format === AV_PIX_FMT_YUV420P
    ) {
      return picture;
    }
    const content = `${serial} ${crop.xPx},${crop.yPx} ${keyOf(crop, format, target)}`;
    if (content === this.#content) return this.#scaled;
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
    this.#content = content;
    return this.#scaled;
  }

  [Symbol.dispose](): void {
    this.#context?.freeContext();
    this.#context = null;
    this.#scaled.free();
  }

  #prepare(crop: Size, format: number, target: Size): void {
    const scaledKey = `${target.widthPx}x${target.heightPx}`;
    if (scaledKey !== this.#scaledKey) {
      this.#scaled.unref();
      this.#scaled.width = target.widthPx;
      this.#scaled.height = target.heightPx;
      this.#scaled.format = AV_PIX_FMT_YUV420P;
      AvError.check(this.#scaled.getBuffer(0), 'scaled picture');
      this.#scaledKey = scaledKey;
    }
    const key = keyOf(crop, format, target);
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

function keyOf(crop: Size, format: number, target: Size): string {
  return `${crop.widthPx}x${crop.heightPx}/${format}>${target.widthPx}x${target.heightPx}`;
}
