import { createRequire } from 'node:module';
import type * as Skia from '@napi-rs/canvas';
import type { RenderMode } from '../recording/layout-parameters.ts';
import type { Size } from '../timeline/index.ts';
import { fitPicture } from './picture-fit.ts';
import { type Raster, rasterOf } from './raster.ts';
import type { StillPicture } from './still-picture.ts';

let skia: typeof Skia | null = null;

/** Loaded when something is drawn for the first time: most renders draw nothing, and it reads the system's fonts. */
function drawingLibrary(): typeof Skia {
  // Its own types describe what the module holds.
  skia ??= createRequire(import.meta.url)('@napi-rs/canvas') as typeof Skia;
  return skia;
}

/** Draws something of an even size. What is not drawn on is transparent. @throws what the drawing library throws. */
export function drawRaster(size: Size, draw: (context: Skia.SKRSContext2D) => void): Raster {
  const { widthPx, heightPx } = size;
  const context = drawingLibrary().createCanvas(widthPx, heightPx).getContext('2d');
  draw(context);
  return rasterOf(size, context.getImageData(0, 0, widthPx, heightPx).data);
}

/**
 * Brings a picture into a place's size.
 * @param ground What is seen around it and through it, `#rrggbb`; nothing when it is not given.
 */
export function pictureRaster(picture: StillPicture, size: Size, mode: RenderMode, ground?: string): Raster {
  const { createCanvas, ImageData } = drawingLibrary();
  const source = createCanvas(picture.widthPx, picture.heightPx);
  source.getContext('2d').putImageData(new ImageData(picture.rgba, picture.widthPx, picture.heightPx), 0, 0);
  const { crop, inner } = fitPicture(mode, picture, size);
  return drawRaster(size, (context) => {
    if (ground !== undefined) {
      context.fillStyle = ground;
      context.fillRect(0, 0, size.widthPx, size.heightPx);
    }
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = 'high';
    const { xPx, yPx, widthPx, heightPx } = inner;
    context.drawImage(source, crop.xPx, crop.yPx, crop.widthPx, crop.heightPx, xPx, yPx, widthPx, heightPx);
  });
}
