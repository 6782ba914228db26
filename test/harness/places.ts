import type { Rectangle } from '../scorer/index.ts';

/** Length of a picture of the recordings, in s: the default template has 15 a second. */
export const FRAME_S = 1 / 15;

/**
 * How much the length of a file may differ from that of its call, in s. Whether anything is missing inside is asked of
 * its pictures and its sound, which do not depend on how busy the machine is.
 */
export const LENGTH_TOLERANCE_S = 0.5;

/** The middle of the left one of two callers in 1280 × 720: nothing of a neighbour and no moving mark is in it. */
export const LEFT: Rectangle = { xPx: 220, yPx: 240, widthPx: 200, heightPx: 160 };

/** The middle of the right one of two callers. */
export const RIGHT: Rectangle = { xPx: 860, yPx: 240, widthPx: 200, heightPx: 160 };

/** The middles of three callers in a grid of two by two. */
export const QUARTERS: readonly [Rectangle, Rectangle, Rectangle] = [
  { xPx: 200, yPx: 80, widthPx: 200, heightPx: 160 },
  { xPx: 840, yPx: 80, widthPx: 200, heightPx: 160 },
  { xPx: 200, yPx: 440, widthPx: 200, heightPx: 160 },
];
