/** A rectangle of the canvas, in pixels; all numbers even, so that chroma samples are whole. */
export type Rectangle = { xPx: number; yPx: number; widthPx: number; heightPx: number };

/** The size of a picture, in pixels. */
export type Size = { widthPx: number; heightPx: number };

/** Most pictures of one canvas (REFERENCE.md §3). */
export const CANVAS_PICTURES_MAX = 25;

/** The largest even number that is not above `value`. */
export function evenBelow(value: number): number {
  return Math.floor(value / 2) * 2;
}

/**
 * `numerator / denominator` of a side, rounded down to an even number. Fractions are given as whole numbers, so
 * that a product that is whole stays so and does not lose two pixels to binary fractions.
 */
export function evenShare(sidePx: number, numerator: number, denominator: number): number {
  return evenBelow((sidePx * numerator) / denominator);
}
