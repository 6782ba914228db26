import { CANVAS_PICTURES_MAX, evenShare, type Rectangle, type Size } from './rectangle.ts';

/**
 * By number of pictures, the large place counted: small pictures are 1/`across` wide and 1/`down` high, in
 * `columns` beside the large one, which has what they leave of the width, and `largeRows` of the `down` rows.
 */
const TABLE = Object.freeze([
  { upTo: 5, across: 5, down: 4, columns: 1, largeRows: 4 },
  { upTo: 7, across: 7, down: 6, columns: 1, largeRows: 6 },
  { upTo: 9, across: 9, down: 8, columns: 1, largeRows: 8 },
  { upTo: 17, across: 10, down: 8, columns: 2, largeRows: 8 },
  { upTo: CANVAS_PICTURES_MAX, across: 10, down: 8, columns: 2, largeRows: 7 },
]);

/**
 * The places of the screen share layout (REFERENCE.md §3): a large one, and small ones in order: down the columns
 * beside it, then along the bottom under the large one from its left edge.
 * @param small Small pictures to place, 0 to 24; more are cut.
 * @param largeSide Where the large one is. The columns on the other side follow each other from left to right.
 */
export function screenShareRectangles(
  small: number,
  canvas: Size,
  largeSide: 'left' | 'right' = 'left',
): { large: Rectangle; small: Rectangle[] } {
  const count = Math.min(small, CANVAS_PICTURES_MAX - 1);
  const row = TABLE.find(({ upTo }) => count + 1 <= upTo);
  if (row === undefined) throw new RangeError(`no row for ${count} small pictures`);
  const { across, down, columns, largeRows } = row;
  const [largeColumn, sideColumn] = largeSide === 'left' ? [0, across - columns] : [columns, 0];
  const place = (column: number, line: number, width: number, height: number): Rectangle => ({
    xPx: evenShare(canvas.widthPx, column, across),
    yPx: evenShare(canvas.heightPx, line, down),
    widthPx: evenShare(canvas.widthPx, width, across),
    heightPx: evenShare(canvas.heightPx, height, down),
  });
  return {
    large: place(largeColumn, 0, across - columns, largeRows),
    small: Array.from({ length: count }, (_, index) => {
      const over = index - columns * down;
      return over < 0
        ? place(sideColumn + Math.floor(index / down), index % down, 1, 1)
        : place(largeColumn + over, largeRows, 1, 1);
    }),
  };
}
