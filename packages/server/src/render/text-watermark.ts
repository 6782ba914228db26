import type { SKRSContext2D } from '@napi-rs/canvas';
import type { Watermark } from '../recording/watermark.ts';
import type { Size } from '../timeline/index.ts';
import { drawRaster } from './drawing.ts';
import type { Raster } from './raster.ts';
import { linesOf } from './text-lines.ts';
import type { TimeBox } from './time-watermark.ts';

const FONT_SIZE_PX = 14;
const LINE_HEIGHT = 1.3;
/**
 * In the order in which they are asked for a character: Chinese with Latin, Greek and Cyrillic; emoji before DejaVu, which has
 * some in black; DejaVu for Arabic and Hebrew. The others stand in where the first ones are not there.
 */
const FAMILIES = [
  'WenQuanYi Micro Hei',
  'Noto Sans CJK SC',
  'Noto Sans CJK JP',
  'Droid Sans Fallback',
  'Noto Color Emoji',
  'DejaVu Sans',
  'Noto Sans Arabic',
]
  .map((family) => `"${family}"`)
  .join(', ');
/** Every digit is as wide as the others, so that nothing moves when the time goes on. */
const TIME_FAMILIES = '"DejaVu Sans Mono", "Noto Sans Mono", monospace';
const TIME_COLOR = '#ffffff';
/** Dark enough for white figures on a white picture. */
const TIME_GROUND = 'rgba(0, 0, 0, 0.5)';
/** Draws a text into its rectangle, whose size is given; lines from the top, from the right where its script is. */
export function textRaster(
  { text, fontSizePx = FONT_SIZE_PX, color = '#ffffff', backgroundColor }: Extract<Watermark, { kind: 'text' }>,
  size: Size,
): Raster {
  return drawRaster(size, (context) => {
    if (backgroundColor !== undefined) fill(context, size, backgroundColor);
    context.font = `${fontSizePx}px ${FAMILIES}, sans-serif`;
    context.fillStyle = color;
    context.textBaseline = 'alphabetic';
    context.textAlign = 'start';
    const lines = linesOf(text, size.widthPx, (part) => context.measureText(part).width);
    const stepPx = Math.round(fontSizePx * LINE_HEIGHT);
    lines.slice(0, Math.ceil(size.heightPx / stepPx)).forEach(({ text: line, rightToLeft }, index) => {
      context.direction = rightToLeft ? 'rtl' : 'ltr';
      context.fillText(line, rightToLeft ? size.widthPx : 0, index * stepPx + fontSizePx);
    });
  });
}

/** Draws a time into its box. */
export function timeRaster(text: string, { rectangle, fontSizePx, paddingPx }: TimeBox): Raster {
  const { widthPx, heightPx } = rectangle;
  return drawRaster(rectangle, (context) => {
    fill(context, rectangle, TIME_GROUND);
    context.font = `${fontSizePx}px ${TIME_FAMILIES}`;
    context.fillStyle = TIME_COLOR;
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    context.fillText(text, widthPx / 2, heightPx / 2, widthPx - 2 * paddingPx);
  });
}

function fill(context: SKRSContext2D, { widthPx, heightPx }: Size, color: string): void {
  context.fillStyle = color;
  context.fillRect(0, 0, widthPx, heightPx);
}
