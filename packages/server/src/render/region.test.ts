import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Rectangle } from '../timeline/index.ts';
import { covers, frameAround, intersection, regionsOf } from './region.ts';

const WHOLE: Rectangle = { xPx: 0, yPx: 0, widthPx: 40, heightPx: 30 };
const rectangleIn = (outer: Rectangle): fc.Arbitrary<Rectangle> =>
  fc
    .record({
      xPx: fc.nat(outer.widthPx - 1),
      yPx: fc.nat(outer.heightPx - 1),
      widthPx: fc.integer({ min: 1, max: outer.widthPx }),
      heightPx: fc.integer({ min: 1, max: outer.heightPx }),
    })
    .map(({ xPx, yPx, widthPx, heightPx }) => ({
      xPx: outer.xPx + xPx,
      yPx: outer.yPx + yPx,
      widthPx: Math.min(widthPx, outer.widthPx - xPx),
      heightPx: Math.min(heightPx, outer.heightPx - yPx),
    }));
const has = ({ xPx, yPx, widthPx, heightPx }: Rectangle, x: number, y: number): boolean =>
  x >= xPx && x < xPx + widthPx && y >= yPx && y < yPx + heightPx;
/** How many of the rectangles each pixel lies in. */
const counts = (rectangles: readonly Rectangle[]): number[] =>
  Array.from(
    { length: WHOLE.widthPx * WHOLE.heightPx },
    (_, index) => rectangles.filter((one) => has(one, index % WHOLE.widthPx, Math.floor(index / WHOLE.widthPx))).length,
  );

describe('regions', () => {
  test('what is common is what both have, and covering is having all', () => {
    fc.assert(
      fc.property(rectangleIn(WHOLE), rectangleIn(WHOLE), (a, b) => {
        const common = intersection(a, b);
        const both = counts([a, b]).map((count) => (count === 2 ? 1 : 0));
        expect(counts(common === null ? [] : [common])).toEqual(both);
        const ofB = counts([b]);
        expect(covers(a, b)).toBe(both.every((value, index) => value === ofB[index]));
      }),
    );
  });

  test('all that has changed is painted, and no more pixels than the canvas has', () => {
    fc.assert(
      fc.property(fc.array(rectangleIn(WHOLE), { maxLength: 8 }), (changed) => {
        const regions = regionsOf(changed, WHOLE);
        const painted = counts(regions);
        counts(changed).forEach((count, index) => {
          if (count > 0) expect(painted[index]).toBeGreaterThan(0);
        });
        const area = regions.reduce((sum, { widthPx, heightPx }) => sum + widthPx * heightPx, 0);
        expect(area).toBeLessThanOrEqual(WHOLE.widthPx * WHOLE.heightPx);
        if (changed.length === 0) expect(regions).toEqual([]);
      }),
    );
  });

  test('the parts around a picture and the picture make the place, without an overlap', () => {
    fc.assert(
      fc.property(
        rectangleIn(WHOLE).chain((outer) => fc.tuple(fc.constant(outer), rectangleIn(outer))),
        ([outer, inner]) => {
          expect(counts([inner, ...frameAround(outer, inner)])).toEqual(counts([outer]));
        },
      ),
    );
  });
});
