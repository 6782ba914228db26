import { CANVAS_PICTURES_MAX, evenShare, type Rectangle, type Size } from './rectangle.ts';

/** Small pictures by number of all: in thousandths of the canvas. The gap is the margin, too. */
const ROWS = Object.freeze([
  { upTo: 17, columns: 4, side: 235, gap: 12 },
  { upTo: CANVAS_PICTURES_MAX, columns: 5, side: 188, gap: 10 },
]);
const WHOLE = 1000;

/**
 * The places of the floating layout in order of painting: the first covers the canvas, the others lie over it
 * in rows from the lower left (REFERENCE.md §3).
 * @param places Pictures to place, 0 to 25; more are cut.
 */
export function floatingRectangles(places: number, canvas: Size): Rectangle[] {
  const count = Math.min(places, CANVAS_PICTURES_MAX);
  if (count === 0) return [];
  const { columns, side, gap } = ROWS.find(({ upTo }) => count <= upTo) ?? { columns: 5, side: 188, gap: 10 };
  const small = Array.from({ length: count - 1 }, (_, index) => ({
    xPx: evenShare(canvas.widthPx, gap + (index % columns) * (side + gap), WHOLE),
    yPx: evenShare(canvas.heightPx, WHOLE - (Math.floor(index / columns) + 1) * (side + gap), WHOLE),
    widthPx: evenShare(canvas.widthPx, side, WHOLE),
    heightPx: evenShare(canvas.heightPx, side, WHOLE),
  }));
  return [{ xPx: 0, yPx: 0, ...wholeOf(canvas) }, ...small];
}

function wholeOf({ widthPx, heightPx }: Size): Size {
  return { widthPx: evenShare(widthPx, 1, 1), heightPx: evenShare(heightPx, 1, 1) };
}
