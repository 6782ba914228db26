import { CANVAS_PICTURES_MAX, evenShare, type Rectangle, type Size } from './rectangle.ts';

/** Columns and rows by number of pictures: the first line whose `upTo` is not smaller counts. */
const GRIDS = Object.freeze([
  { upTo: 1, columns: 1, rows: 1 },
  { upTo: 2, columns: 2, rows: 1 },
  { upTo: 4, columns: 2, rows: 2 },
  { upTo: 9, columns: 3, rows: 3 },
  { upTo: 16, columns: 4, rows: 4 },
  { upTo: CANVAS_PICTURES_MAX, columns: 5, rows: 5 },
]);

/**
 * The places of a grid in order: row by row from the upper left. Every number is that of the 1 × 1 canvas
 * times the size, rounded down to an even number.
 * @param places Pictures to place, 0 to 25; more are cut.
 */
export function gridRectangles(places: number, canvas: Size): Rectangle[] {
  const count = Math.min(places, CANVAS_PICTURES_MAX);
  const { columns, rows } = GRIDS.find(({ upTo }) => count <= upTo) ?? { columns: 5, rows: 5 };
  return Array.from({ length: count }, (_, index) => ({
    xPx: evenShare(canvas.widthPx, index % columns, columns),
    yPx: evenShare(canvas.heightPx, Math.floor(index / columns), rows),
    widthPx: evenShare(canvas.widthPx, 1, columns),
    heightPx: evenShare(canvas.heightPx, 1, rows),
  }));
}
