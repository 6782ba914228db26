import type { Rectangle } from './colors.ts';
import { type Picture, visitPictures } from './pictures.ts';

/** A step of brightness, of 255, that no compression of a still picture makes in a cell of the strip. */
const LEAST_CHANGE = 8;
/** Cells of the strip. */
const CELLS = 40;

/** Times in which a place shows the same picture for more than `leastMs`, in µs of the file. */
export type Freeze = { fromUs: number; untilUs: number };

/**
 * Freezes of a place in which something moves. `strip` is what is looked at: a band that the moving mark crosses.
 */
export async function measureFreezes(
  file: string,
  strip: Rectangle,
  { leastMs = 500, fromUs = 0, untilUs = Number.POSITIVE_INFINITY } = {},
): Promise<Freeze[]> {
  const freezes: Freeze[] = [];
  let shown: number[] = [];
  let sinceUs = fromUs;
  let lastUs = fromUs;
  const close = (atUs: number): void => {
    if (atUs - sinceUs > leastMs * 1000) freezes.push({ fromUs: sinceUs, untilUs: atUs });
  };
  await visitPictures(file, (picture) => {
    if (picture.atUs < fromUs || picture.atUs > untilUs) return;
    const cells = cellsOf(picture, strip);
    lastUs = picture.atUs;
    if (cells.every((cell, index) => Math.abs(cell - (shown[index] ?? -100)) < LEAST_CHANGE)) return;
    if (shown.length > 0) close(picture.atUs);
    shown = cells;
    sinceUs = picture.atUs;
  });
  close(lastUs);
  return freezes;
}

function cellsOf({ widthPx, rgb }: Picture, strip: Rectangle): number[] {
  return Array.from({ length: CELLS }, (_, cell) => {
    const from = strip.xPx + Math.floor((cell * strip.widthPx) / CELLS);
    const until = strip.xPx + Math.floor(((cell + 1) * strip.widthPx) / CELLS);
    let sum = 0;
    for (let y = strip.yPx; y < strip.yPx + strip.heightPx; y += 1)
      for (let x = from; x < until; x += 1) {
        const at = (y * widthPx + x) * 3;
        sum += (rgb[at] ?? 0) + (rgb[at + 1] ?? 0) + (rgb[at + 2] ?? 0);
      }
    return sum / (3 * strip.heightPx * Math.max(1, until - from));
  });
}
