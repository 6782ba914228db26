import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gridRectangles } from './grid.ts';

/** REFERENCE.md §3 for 1280 × 720: columns, rows, and the places' left and upper edges. */
const TABLE = [
  { from: 1, to: 1, xs: [0], ys: [0], width: 1280, height: 720 },
  { from: 2, to: 2, xs: [0, 640], ys: [0], width: 640, height: 720 },
  { from: 3, to: 4, xs: [0, 640], ys: [0, 360], width: 640, height: 360 },
  { from: 5, to: 9, xs: [0, 426, 852], ys: [0, 240, 480], width: 426, height: 240 },
  { from: 10, to: 16, xs: [0, 320, 640, 960], ys: [0, 180, 360, 540], width: 320, height: 180 },
  { from: 17, to: 25, xs: [0, 256, 512, 768, 1024], ys: [0, 144, 288, 432, 576], width: 256, height: 144 },
];

describe('gridRectangles', () => {
  test.each(TABLE)('$from to $to places of 1280 × 720', ({ from, to, xs, ys, width, height }) => {
    for (let places = from; places <= to; places += 1) {
      const golden = ys
        .flatMap((yPx) => xs.map((xPx) => ({ xPx, yPx, widthPx: width, heightPx: height })))
        .slice(0, places);
      expect(gridRectangles(places, { widthPx: 1280, heightPx: 720 })).toEqual(golden);
    }
  });

  test('of the default canvas of the dialect, 360 × 640', () => {
    expect(gridRectangles(2, { widthPx: 360, heightPx: 640 })).toEqual([
      { xPx: 0, yPx: 0, widthPx: 180, heightPx: 640 },
      { xPx: 180, yPx: 0, widthPx: 180, heightPx: 640 },
    ]);
    expect(gridRectangles(5, { widthPx: 360, heightPx: 640 }).at(4)).toEqual({
      xPx: 120,
      yPx: 212,
      widthPx: 120,
      heightPx: 212,
    });
  });

  test('always even, inside the canvas, never over each other', () => {
    const side = fc.integer({ min: 16, max: 960 }).map((half) => half * 2);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), side, side, (places, widthPx, heightPx) => {
        const rectangles = gridRectangles(places, { widthPx, heightPx });
        expect(rectangles).toHaveLength(Math.min(places, 25));
        for (const a of rectangles) {
          for (const value of Object.values(a)) expect(value % 2).toBe(0);
          expect(a.xPx + a.widthPx).toBeLessThanOrEqual(widthPx);
          expect(a.yPx + a.heightPx).toBeLessThanOrEqual(heightPx);
          const over = rectangles.filter(
            (b) =>
              b !== a &&
              a.xPx < b.xPx + b.widthPx &&
              b.xPx < a.xPx + a.widthPx &&
              a.yPx < b.yPx + b.heightPx &&
              b.yPx < a.yPx + a.heightPx,
          );
          expect(over).toEqual([]);
        }
      }),
    );
  });
});
