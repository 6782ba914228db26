import { AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P, SWS_BICUBIC } from 'node-av/constants';
import { Frame, SoftwareScaleContext } from 'node-av/lib';
import type { Rectangle, Size } from '../timeline/index.ts';
import { AvError } from './av-error.ts';
import { planesOf } from './canvas.ts';

/**
 * Brings a part of a stream's pictures to the size in which they are shown. Sizes may change from picture to
 * picture; the same picture in the same size is scaled once.
 *
 * The result is always a picture of its own. It is not a part of the canvas, since the scaler writes whole SIMD
 * registers, so the last ones of a row would reach into the neighbour. Nor is it ever the decoder's: who looks at the
 * bytes of a picture from JavaScript holds its memory until the next collection, and with 60 pictures a second these
 * alone make the collector run all the time.
 */
export class PictureScaler implements Disposable {
  readonly #scaled = new Frame();
  /** A copy of the whole picture, for what is cut out of it. */
  readonly #whole = new Frame();
  #context: SoftwareScaleContext | null = null;
  #key = '';
  #content = '';

  constructor() {
    this.#scaled.alloc();
    this.#whole.alloc();
  }

  /**
   * The part `crop` of the picture in the given size. Valid until the next call.
   * @param serial Changes with every picture.
   * @throws {AvError}.
   */
  scale(picture: Frame, serial: number, crop: Rectangle, target: Size): Frame {
    const { width, height, format } = picture;
    if (format !== AV_PIX_FMT_YUV420P && format !== AV_PIX_FMT_YUVJ420P) throw new AvError(`pixel format ${format}`, 0);
    const content = `${serial} ${crop.xPx},${crop.yPx} ${keyOf(crop, format, target)}`;
    if (content === this.#content) return this.#scaled;
    this.#content = '';
    prepare(this.#scaled, target.widthPx, target.heightPx, AV_PIX_FMT_YUV420P);
    const isWhole = crop.widthPx === width && crop.heightPx === height;
    if (isWhole && width === target.widthPx && height === target.heightPx && format === AV_PIX_FMT_YUV420P)
      AvError.check(this.#scaled.copy(picture), 'copy picture');
    else if (isWhole)
      AvError.check(this.#contextFor(crop, format, target).scaleFrameSync(this.#scaled, picture), 'scale');
    else this.#scalePart(picture, crop, target);
    this.#content = content;
    return this.#scaled;
  }

  [Symbol.dispose](): void {
    this.#context?.freeContext();
    this.#context = null;
    this.#scaled.free();
    this.#whole.free();
  }

  #scalePart(picture: Frame, crop: Rectangle, target: Size): void {
    prepare(this.#whole, picture.width, picture.height, picture.format);
    AvError.check(this.#whole.copy(picture), 'copy picture');
    const source = planesOf(this.#whole);
    const scaled = planesOf(this.#scaled);
    const slices = source.map(({ bytes, strideBytes }, index) => {
      const divisor = index === 0 ? 1 : 2;
      return bytes.subarray((crop.yPx / divisor) * strideBytes + crop.xPx / divisor);
    });
    const rows = this.#contextFor(crop, picture.format, target).scaleSync(
      slices,
      source.map(({ strideBytes }) => strideBytes),
      0,
      crop.heightPx,
      scaled.map(({ bytes }) => bytes),
      scaled.map(({ strideBytes }) => strideBytes),
    );
    AvError.check(rows, 'scale');
  }

  #contextFor(crop: Size, format: number, target: Size): SoftwareScaleContext {
    const key = keyOf(crop, format, target);
    if (this.#context !== null && key === this.#key) return this.#context;
    this.#context?.freeContext();
    this.#context = new SoftwareScaleContext();
    this.#key = key;
    this.#context.getContext(
      crop.widthPx,
      crop.heightPx,
      format as never,
      target.widthPx,
      target.heightPx,
      AV_PIX_FMT_YUV420P,
      SWS_BICUBIC,
    );
    return this.#context;
  }
}

function prepare(frame: Frame, width: number, height: number, format: number): void {
  if (frame.width === width && frame.height === height && frame.format === format) return;
  frame.unref();
  frame.width = width;
  frame.height = height;
  frame.format = format as never;
  AvError.check(frame.getBuffer(0), 'scaled picture');
}

function keyOf(crop: Size, format: number, target: Size): string {
  return `${crop.widthPx}x${crop.heightPx}/${format}>${target.widthPx}x${target.heightPx}`;
}
