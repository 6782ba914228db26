import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { floatingRectangles } from './floating.ts';
import type { Rectangle } from './rectangle.ts';
import { screenShareRectangles } from './screen-share.ts';

const HD = { widthPx: 1280, heightPx: 720 };
/** The dialect's default. */
const PHONE = { widthPx: 360, heightPx: 640 };
const PEOPLE = Array.from({ length: 25 }, (_, index) => index + 1);

/** `count` rectangles of one size at the corners that columns and rows make, row by row. */
const rowByRow = (count: number, xs: number[], ys: number[], [widthPx, heightPx]: [number, number]): Rectangle[] =>
  ys.flatMap((yPx) => xs.map((xPx) => ({ xPx, yPx, widthPx, heightPx }))).slice(0, count);
const columnByColumn = (
  count: number,
  xs: number[],
  ys: number[],
  [widthPx, heightPx]: [number, number],
): Rectangle[] => xs.flatMap((xPx) => ys.map((yPx) => ({ xPx, yPx, widthPx, heightPx }))).slice(0, count);

const sideOf = fc.integer({ min: 1, max: 960 }).map((half) => half * 2);
function expectWithin(rectangles: readonly Rectangle[], widthPx: number, heightPx: number): void {
  for (const rectangle of rectangles) {
    for (const value of Object.values(rectangle)) expect(value % 2).toBe(0);
    for (const value of Object.values(rectangle)) expect(value).toBeGreaterThanOrEqual(0);
    expect(rectangle.xPx + rectangle.widthPx).toBeLessThanOrEqual(widthPx);
    expect(rectangle.yPx + rectangle.heightPx).toBeLessThanOrEqual(heightPx);
  }
}
function overlapping(rectangles: readonly Rectangle[]): [Rectangle, Rectangle][] {
  return rectangles.flatMap((a, index) =>
    rectangles
      .slice(index + 1)
      .filter(
        (b) =>
          a.xPx < b.xPx + b.widthPx &&
          b.xPx < a.xPx + a.widthPx &&
          a.yPx < b.yPx + b.heightPx &&
          b.yPx < a.yPx + a.heightPx,
      )
      .map((b): [Rectangle, Rectangle] => [a, b]),
  );
}

describe('floating', () => {
  // 1280 × 720: 0.235 is 300.8 and 169.2; 0.012 is 15.36 and 8.64; a step is 316.16 and 177.84.
  // 0.188 is 240.64 and 135.36; 0.01 is 12.8 and 7.2; a step is 253.44 and 142.56.
  test.each(PEOPLE)('%i people at 1280 × 720', (people) => {
    const small =
      people <= 17
        ? rowByRow(people - 1, [14, 330, 646, 962], [542, 364, 186, 8], [300, 168])
        : rowByRow(people - 1, [12, 266, 518, 772, 1026], [576, 434, 292, 148, 6], [240, 134]);
    expect(floatingRectangles(people, HD)).toEqual([{ xPx: 0, yPx: 0, ...HD }, ...small]);
  });

  test.each(PEOPLE)('%i people at 360 × 640', (people) => {
    const small =
      people <= 17
        ? rowByRow(people - 1, [4, 92, 182, 270], [480, 322, 164, 6], [84, 150])
        : rowByRow(people - 1, [2, 74, 146, 216, 288], [512, 386, 258, 132, 6], [66, 120]);
    expect(floatingRectangles(people, PHONE)).toEqual([{ xPx: 0, yPx: 0, ...PHONE }, ...small]);
  });

  test('nobody, and more than there is place for', () => {
    expect(floatingRectangles(0, HD)).toEqual([]);
    expect(floatingRectangles(40, HD)).toEqual(floatingRectangles(25, HD));
  });

  test('small ones never lie over each other; all are even and inside', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), sideOf, sideOf, (people, widthPx, heightPx) => {
        const rectangles = floatingRectangles(people, { widthPx, heightPx });
        expectWithin(rectangles, widthPx, heightPx);
        expect(overlapping(rectangles.slice(1))).toEqual([]);
      }),
    );
  });
});

describe('screen share', () => {
  /** For 1280 × 720, the large place counted; corners of the columns, then of the row under the large one. */
  const TABLE = [
    { from: 1, to: 5, large: [1024, 720], xs: [1024], ys: [0, 180, 360, 540], size: [256, 180] },
    { from: 6, to: 7, large: [1096, 720], xs: [1096], ys: [0, 120, 240, 360, 480, 600], size: [182, 120] },
    {
      from: 8,
      to: 9,
      large: [1136, 720],
      xs: [1136],
      ys: [0, 90, 180, 270, 360, 450, 540, 630],
      size: [142, 90],
    },
    {
      from: 10,
      to: 17,
      large: [1024, 720],
      xs: [1024, 1152],
      ys: [0, 90, 180, 270, 360, 450, 540, 630],
      size: [128, 90],
    },
    {
      from: 18,
      to: 25,
      large: [1024, 630],
      xs: [1024, 1152],
      ys: [0, 90, 180, 270, 360, 450, 540, 630],
      size: [128, 90],
    },
  ] satisfies {
    from: number;
    to: number;
    large: [number, number];
    xs: number[];
    ys: number[];
    size: [number, number];
  }[];
  const UNDER = [0, 128, 256, 384, 512, 640, 768, 896];

  test.each(PEOPLE)('%i pictures at 1280 × 720, the large one left', (people) => {
    const row = TABLE.find(({ from, to }) => people >= from && people <= to);
    if (row === undefined) throw new Error('no row');
    const { large, xs, ys, size } = row;
    const beside = columnByColumn(people - 1, xs, ys, size);
    const under = rowByRow(Math.max(0, people - 17), UNDER, [630], size);
    expect(screenShareRectangles(people - 1, HD)).toEqual({
      large: { xPx: 0, yPx: 0, widthPx: large[0], heightPx: large[1] },
      small: [...beside, ...under],
    });
  });

  test.each(PEOPLE)('%i pictures at 1280 × 720, the large one right', (people) => {
    const row = TABLE.find(({ from, to }) => people >= from && people <= to);
    if (row === undefined) throw new Error('no row');
    const { from, large, ys, size } = row;
    const xs = from >= 10 ? [0, 128] : [0];
    const largeX = from >= 10 ? 256 : size[0];
    const beside = columnByColumn(people - 1, xs, ys, size);
    const under = rowByRow(
      Math.max(0, people - 17),
      UNDER.map((xPx) => xPx + 256),
      [630],
      size,
    );
    expect(screenShareRectangles(people - 1, HD, 'right')).toEqual({
      large: { xPx: largeX, yPx: 0, widthPx: large[0], heightPx: large[1] },
      small: [...beside, ...under],
    });
  });

  test.each([
    [1, { xPx: 0, yPx: 0, widthPx: 288, heightPx: 640 }, { xPx: 288, yPx: 0, widthPx: 72, heightPx: 160 }],
    [6, { xPx: 0, yPx: 0, widthPx: 308, heightPx: 640 }, { xPx: 308, yPx: 532, widthPx: 50, heightPx: 106 }],
    [8, { xPx: 0, yPx: 0, widthPx: 320, heightPx: 640 }, { xPx: 320, yPx: 560, widthPx: 40, heightPx: 80 }],
    [16, { xPx: 0, yPx: 0, widthPx: 288, heightPx: 640 }, { xPx: 324, yPx: 560, widthPx: 36, heightPx: 80 }],
    [24, { xPx: 0, yPx: 0, widthPx: 288, heightPx: 560 }, { xPx: 252, yPx: 560, widthPx: 36, heightPx: 80 }],
  ])('%i small ones at 360 × 640: the large one and the last', (small, large, last) => {
    const rectangles = screenShareRectangles(small, PHONE);
    expect([rectangles.large, rectangles.small.at(-1)]).toEqual([large, last]);
  });

  test('never over each other, even and inside, at most 25', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 30 }),
        sideOf,
        sideOf,
        fc.constantFrom('left' as const, 'right' as const),
        (people, widthPx, heightPx, largeSide) => {
          const { large, small } = screenShareRectangles(people, { widthPx, heightPx }, largeSide);
          expect(small).toHaveLength(Math.min(people, 24));
          expectWithin([large, ...small], widthPx, heightPx);
          expect(overlapping([large, ...small])).toEqual([]);
        },
      ),
    );
  });
});
