import type { RenderMode } from '../recording/layout-parameters.ts';
import type { Watermark } from '../recording/watermark.ts';
import { type KeptPicture, type Look, type Rectangle, rectangleWithin, type Size } from '../timeline/index.ts';
import { pictureRaster } from './drawing.ts';
import type { Layer } from './layer.ts';
import type { PictureFiles } from './picture-files.ts';
import type { Raster } from './raster.ts';
import { textRaster, timeRaster } from './text-watermark.ts';
import { timeBox, timeText } from './time-watermark.ts';
import { placeholderOf, type YuvColor, yuvOf } from './yuv-color.ts';

/** More are left out: what is stored is not checked again. */
const WATERMARKS_MAX = 25;

/** What is shown when, and what the bundle says of pictures. */
export type DecorationMoment = {
  look: Look;
  atUs: number;
  pictures: readonly KeptPicture[];
  /** Whether places without a picture are black where there is no placeholder for them. */
  isBlackFilled?: boolean;
};

/** What a layer shows of a picture or a text, or the colour that stands for it. */
type Surface = Pick<Layer, 'key' | 'patches'>;

/**
 * What is painted of a task beside the callers' pictures: background, placeholders, watermarks. Everything is drawn once, when it
 * is first painted, and kept as long as it is asked for.
 */
export class Decorations {
  readonly #canvas: Size;
  readonly #files: PictureFiles;
  readonly #rasters = new Map<string, Raster | null>();
  readonly #asked = new Set<string>();
  #told = false;

  constructor(canvas: Size, files: PictureFiles) {
    this.#canvas = canvas;
    this.#files = files;
  }

  /** The lowest layer: the background picture, or none. */
  background({ look: { background, backgroundColor }, ...moment }: DecorationMoment): Layer[] {
    if (background === undefined) return [];
    const { widthPx, heightPx } = this.#canvas;
    const rectangle = { xPx: 0, yPx: 0, widthPx, heightPx };
    const { url, renderMode = 'crop' } = background;
    const surface = this.#picture(
      { url, renderMode, ground: backgroundColor, color: yuvOf(backgroundColor) },
      rectangle,
      moment,
    );
    return [{ rectangle, alpha: 0, seeThrough: false, ...surface }];
  }

  /** What a place shows whose user shows nothing. @param url Of its picture; a colour stands there when it is not given. */
  placeholder(
    { rectangle, renderMode, url }: { rectangle: Rectangle; renderMode: RenderMode; url: string | undefined },
    { look: { backgroundColor: ground }, isBlackFilled = false, ...moment }: DecorationMoment,
  ): Surface {
    const color = isBlackFilled ? yuvOf('#000000') : placeholderOf(yuvOf(ground));
    if (url === undefined) return { key: 'placeholder', patches: () => [{ rectangle, color }] };
    return this.#picture({ url, renderMode, ground, color }, rectangle, moment);
  }

  /** The topmost layers. */
  watermarks({ look: { watermarks = [] }, ...moment }: DecorationMoment): Layer[] {
    return watermarks
      .slice(0, WATERMARKS_MAX)
      .map((watermark) => this.#watermark(watermark, moment))
      .filter(({ rectangle }) => rectangle.widthPx > 0 && rectangle.heightPx > 0);
  }

  /** Lets go what was not asked for since the last time. */
  release(): void {
    for (const key of this.#rasters.keys()) if (!this.#asked.has(key)) this.#rasters.delete(key);
    this.#asked.clear();
  }

  #watermark(watermark: Watermark, { pictures, atUs }: Omit<DecorationMoment, 'look'>): Layer {
    if (watermark.kind === 'time') {
      const box = timeBox(watermark.position, this.#canvas);
      const text = timeText(atUs, watermark.utcOffsetMinutes);
      return this.#overlay(box.rectangle, `time ${text}`, () => timeRaster(text, box));
    }
    const rectangle = rectangleWithin(watermark, this.#canvas);
    if (watermark.kind === 'text')
      return this.#overlay(rectangle, JSON.stringify(watermark), () => textRaster(watermark, rectangle));
    const { url } = watermark;
    const path = this.#files.find(url, pictures, atUs);
    return this.#overlay(rectangle, JSON.stringify([watermark, path]), () => {
      const picture = path === null ? null : this.#files.read(url, path);
      return picture === null ? null : pictureRaster(picture, rectangle, 'stretch');
    });
  }

  #overlay(rectangle: Rectangle, content: string, make: () => Raster | null): Layer {
    const { widthPx, heightPx } = rectangle;
    const key = `${widthPx}x${heightPx} ${content}`;
    this.#asked.add(key);
    const patches: Layer['patches'] = () => {
      const raster = this.#raster(key, make);
      return raster === null ? [] : [{ rectangle, ...raster }];
    };
    return { rectangle, alpha: 0, seeThrough: true, key, patches };
  }

  #picture(
    { url, renderMode, ground, color }: { url: string; renderMode: RenderMode; ground: string; color: YuvColor },
    rectangle: Rectangle,
    { pictures, atUs }: Omit<DecorationMoment, 'look'>,
  ): Surface {
    const path = this.#files.find(url, pictures, atUs);
    const key = JSON.stringify([rectangle.widthPx, rectangle.heightPx, renderMode, ground, path ?? 'none']);
    this.#asked.add(key);
    const patches: Layer['patches'] = () => {
      const raster = this.#raster(key, () => {
        const picture = path === null ? null : this.#files.read(url, path);
        return picture === null ? null : pictureRaster(picture, rectangle, renderMode, ground);
      });
      return [raster === null ? { rectangle, color } : { rectangle, planes: raster.planes }];
    };
    return { key, patches };
  }

  #raster(key: string, make: () => Raster | null): Raster | null {
    const known = this.#rasters.get(key);
    if (known !== undefined) return known;
    const raster = this.#make(make);
    this.#rasters.set(key, raster);
    return raster;
  }

  /** A system for which there is no drawing library still gets its file: without decorations, and the log says why, once. */
  #make(make: () => Raster | null): Raster | null {
    try {
      return make();
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      if (!this.#told) process.stderr.write(`a decoration cannot be drawn: ${detail}\n`);
      this.#told = true;
      return null;
    }
  }
}
