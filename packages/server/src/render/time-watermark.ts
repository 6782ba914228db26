import type { Watermark } from '../recording/watermark.ts';
import { evenBelow, type Rectangle, type Size } from '../timeline/index.ts';

/** Where a time is painted, and how large. */
export type TimeBox = { rectangle: Rectangle; fontSizePx: number; paddingPx: number };

/** A time of day is so many figures of a font whose figures are this much of its size wide. */
const FIGURES = '2026-01-01 00:00:00'.length;
const FIGURE_WIDTH = 0.602;
const LINES_A_CANVAS = 24;
const FONT_MIN_PX = 8;
const FONT_MAX_PX = 40;

/** How far from the left and from the top a time is: halves of what is left. */
const PLACES: Readonly<Record<Extract<Watermark, { kind: 'time' }>['position'], readonly [number, number]>> =
  Object.freeze({
    topLeft: [0, 0],
    topCenter: [1, 0],
    topRight: [2, 0],
    center: [1, 1],
    bottomLeft: [0, 2],
    bottomCenter: [1, 2],
    bottomRight: [2, 2],
  });

/** Date and time of day at `atUs` as a watermark shows them: `2026-11-22 08:05:09`. @param utcOffsetMinutes How far the zone is ahead of UTC. */
export function timeText(atUs: number, utcOffsetMinutes = 0): string {
  const shifted = new Date(Math.floor(atUs / 1_000_000) * 1000 + utcOffsetMinutes * 60_000);
  return shifted.toISOString().slice(0, 19).replace('T', ' ');
}

/** The box of a time: the same for every time, so that only its figures change. */
export function timeBox(position: keyof typeof PLACES, canvas: Size): TimeBox {
  const wanted = Math.min(
    FONT_MAX_PX,
    canvas.heightPx / LINES_A_CANVAS,
    (canvas.widthPx * 0.9) / (FIGURES * FIGURE_WIDTH),
  );
  const fontSizePx = Math.max(FONT_MIN_PX, evenBelow(wanted));
  const paddingPx = fontSizePx / 2;
  const widthPx = Math.min(
    evenBelow(canvas.widthPx),
    evenBelow(FIGURES * FIGURE_WIDTH * fontSizePx + 2 * paddingPx) + 2,
  );
  const heightPx = Math.min(evenBelow(canvas.heightPx), evenBelow(fontSizePx * 1.4) + 2);
  const [across, down] = PLACES[position];
  const at = (halves: number, restPx: number): number => {
    const marginPx = Math.min(paddingPx, restPx / 2);
    return evenBelow(marginPx + ((restPx - 2 * marginPx) * halves) / 2);
  };
  return {
    rectangle: {
      xPx: at(across, canvas.widthPx - widthPx),
      yPx: at(down, canvas.heightPx - heightPx),
      widthPx,
      heightPx,
    },
    fontSizePx,
    paddingPx,
  };
}
