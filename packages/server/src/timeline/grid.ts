/** A rectangle of the canvas, in pixels; all numbers even, so that chroma samples are whole. */
export type Rectangle = { xPx: number; yPx: number; widthPx: number; heightPx: number };

/** Most pictures of one canvas (REFERENCE.md §3). */
export const GRID_PLACES_MAX = 25;

/** Columns and rows by number of pictures: the first line whose `upTo` is not smaller counts. */
const GRIDS = Object.freeze([
  { upTo: 1, columns: 1, rows: 1 },
  { upTo: 2, columns: 2, rows: 1 },
  { upTo: 4, columns: 2, rows: 2 },
  { upTo: 9, columns: 3, rows: 3 },
  { upTo: 16, columns: 4, rows: 4 },
  { upTo: GRID_PLACES_MAX, columns: 5, rows: 5 },
]);

/**
 * The places of a grid in order: row by row from the upper left. Every number is that of the 1 × 1 canvas
 * times the size, rounded down to an even number.
 * @param places Pictures to place, 0 to 25; more are cut.
 */
export function gridRectangles(places: number, canvas: { widthPx: number; heightPx: number }): Rectangle[] {
  const count = Math.min(places, GRID_PLACES_MAX);
  const grid = GRIDS.find(({ upTo }) => count <= upTo) ?? { columns: 5, rows: 5 };
  const widthPx = evenBelow(canvas.widthPx / grid.columns);
  const heightPx = evenBelow(canvas.heightPx / grid.rows);
  return Array.from({ length: count }, (_, index) => ({
    xPx: evenBelow(((index % grid.columns) * canvas.widthPx) / grid.columns),
    yPx: evenBelow((Math.floor(index / grid.columns) * canvas.heightPx) / grid.rows),
    widthPx,
    heightPx,
  }));
}

function evenBelow(value: number): number {
  // A whole number that division has made a hair too small must not lose two pixels.
  return Math.floor((value + 1e-6) / 2) * 2;
}
