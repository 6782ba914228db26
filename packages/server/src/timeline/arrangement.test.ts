import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CustomRectangle, LayoutParameters } from '../recording/layout-parameters.ts';
import { arrange, type Candidate } from './arrangement.ts';

const CANVAS = { widthPx: 1280, heightPx: 720 };
const camera = (userId: string): Candidate => ({ userId, source: 'main', picture: {}, besideScreen: false });
const silent = (userId: string): Candidate => ({ ...camera(userId), picture: null });
const screen = (userId: string): Candidate => ({ ...camera(userId), source: 'aux' });
/** Somebody without a camera who shares a screen. */
const sharer = (userId: string): Candidate[] => [{ ...silent(userId), besideScreen: true }, screen(userId)];
const many = (count: number): Candidate[] => Array.from({ length: count }, (_, index) => camera(`u${index + 1}`));

const nameOf = (one: Candidate | null): string =>
  one === null ? '-' : one.source === 'aux' ? `${one.userId}+` : one.userId;
/** Who is placed, in order of painting, and who is not. */
function order(layout: LayoutParameters, candidates: Candidate[]): [string[], string[]] {
  const { places, leftOut } = arrange(layout, CANVAS, candidates);
  return [places.map(({ picture }) => nameOf(picture)), leftOut.map(nameOf)];
}
/** Who is in the place that covers the most. */
function largest(layout: LayoutParameters, candidates: Candidate[]): string {
  const { places } = arrange(layout, CANVAS, candidates);
  const [first] = places.toSorted((a, b) => b.rectangle.widthPx - a.rectangle.widthPx);
  return first === undefined || first.rectangle.widthPx < 900 ? '-' : nameOf(first.picture);
}
const ROOM = [camera('a'), screen('a'), camera('b'), screen('b'), camera('c')];

describe('templates', () => {
  test('a grid holds 25', () => {
    expect(order({ mode: 'grid' }, ROOM)).toEqual([['a', 'a+', 'b', 'b+', 'c'], []]);
    const [seen, leftOut] = order({ mode: 'grid' }, many(27));
    expect([seen.length, leftOut]).toEqual([25, ['u26', 'u27']]);
  });

  test('render mode, and crop by default; all opaque', () => {
    const modes = (layout: LayoutParameters): object[] =>
      arrange(layout, CANVAS, ROOM).places.map(({ renderMode, alpha }) => ({ renderMode, alpha }));
    expect(modes({ mode: 'grid' })).toEqual(ROOM.map(() => ({ renderMode: 'crop', alpha: 0 })));
    expect(modes({ mode: 'floating', renderMode: 'bars' })).toEqual(ROOM.map(() => ({ renderMode: 'bars', alpha: 0 })));
  });

  test.each([
    [undefined, 'a'],
    [{ userId: 'b' }, 'b'],
    [{ userId: 'b', source: 'aux' }, 'b+'],
    [{ userId: 'c', source: 'aux' }, 'a'],
    [{ userId: 'd' }, 'a'],
  ] as const)('floating with %o: large is %s', (large, expected) => {
    const layout: LayoutParameters = { mode: 'floating', ...(large === undefined ? {} : { large }) };
    expect(largest(layout, ROOM)).toBe(expected);
    const names = ROOM.map(nameOf);
    expect(order(layout, ROOM)).toEqual([[expected, ...names.filter((name) => name !== expected)], []]);
  });

  test.each([
    [undefined, '-'],
    [{ userId: 'b' }, 'b+'],
    [{ userId: 'c' }, 'c'],
    [{ userId: 'b', source: 'main' }, 'b'],
    [{ userId: 'c', source: 'aux' }, '-'],
    [{ userId: 'd' }, '-'],
  ] as const)('screen share with %o: large is %s', (large, expected) => {
    const layout: LayoutParameters = { mode: 'screenShare', ...(large === undefined ? {} : { large }) };
    expect(largest(layout, ROOM)).toBe(expected);
    const small = ROOM.map(nameOf).filter((name) => name !== expected);
    expect(order(layout, ROOM)).toEqual([expected === '-' ? small : [expected, ...small], []]);
  });

  test('the empty large place counts: 24 others have a place', () => {
    const [seen, leftOut] = order({ mode: 'screenShare' }, many(25));
    expect([seen.length, leftOut]).toEqual([24, ['u25']]);
    expect(order({ mode: 'screenShare', large: { userId: 'u25' } }, many(25))[1]).toEqual([]);
  });

  test.each(['grid', 'floating', 'screenShare'] as const)('%s: who only shares a screen has one place', (mode) => {
    expect(order({ mode }, [silent('a'), ...sharer('b')])).toEqual([['a', 'b+'], []]);
    expect(order({ mode, pureAudioDisableLayout: true }, [silent('a'), ...sharer('b'), silent('c')])).toEqual([
      ['b+'],
      [],
    ]);
  });
});

describe('custom', () => {
  const at = (leftPx: number, more: Partial<CustomRectangle> = {}): CustomRectangle => ({
    leftPx,
    topPx: 0,
    widthPx: 100,
    heightPx: 100,
    ...more,
  });
  const placed = (rectangles: CustomRectangle[], candidates: Candidate[]): string[] =>
    arrange({ mode: 'custom', rectangles }, CANVAS, candidates).places.map(
      ({ picture, rectangle }) => `${nameOf(picture)}@${rectangle.xPx}`,
    );

  test('places whose users are not there are given when they are asked for', () => {
    const rectangles = [at(0, { placeholderUrl: 'x' }), at(100, { userId: 'z', layer: 1 }), at(200), at(300)];
    const { places, leftOut } = arrange({ mode: 'custom', rectangles, showAbsent: true }, CANVAS, [camera('a')]);
    expect(places.map(({ picture, userId, placeholderUrl }) => [nameOf(picture), userId, placeholderUrl])).toEqual([
      ['a', undefined, 'x'],
      ['-', undefined, undefined],
      ['-', undefined, undefined],
      ['-', 'z', undefined],
    ]);
    expect(leftOut).toEqual([]);
    expect(placed(rectangles, [camera('a')])).toEqual(['a@0']);
  });

  test('a rectangle with a name is kept for it, the others take the next in order of entry', () => {
    const rectangles = [at(0), at(100, { userId: 'a' }), at(200), at(300, { userId: 'z' }), at(400)];
    expect(placed(rectangles, [camera('a'), camera('b'), camera('c')])).toEqual(['b@0', 'a@100', 'c@200']);
    expect(placed(rectangles, [camera('b'), camera('z')])).toEqual(['b@0', 'z@300']);
  });

  test('screens: named by source, taken by rectangles that take anything, kept from those that do not', () => {
    expect(placed([at(0, { userId: 'a', source: 'aux' }), at(100)], ROOM)).toEqual(['a+@0', 'a@100']);
    expect(placed([at(0), at(100), at(200)], ROOM)).toEqual(['a@0', 'a+@100', 'b@200']);
    expect(placed([at(0, { source: 'main' }), at(100, { source: 'main' }), at(200)], ROOM)).toEqual([
      'a@0',
      'b@100',
      'a+@200',
    ]);
    expect(placed([at(0, { userId: 'b' })], sharer('b'))).toEqual(['b@0']);
    expect(placed([at(0), at(100)], sharer('b'))).toEqual(['b+@0']);
  });

  test('layers are painted from the lowest, equal ones in the order of the list', () => {
    const rectangles = [at(0, { layer: 2 }), at(100), at(200, { layer: 1 }), at(300, { layer: 1 })];
    expect(placed(rectangles, many(4))).toEqual(['u2@100', 'u3@200', 'u4@300', 'u1@0']);
  });

  test('alpha and render mode are each one’s own; numbers become even', () => {
    const rectangles = [
      { leftPx: 11, topPx: 21, widthPx: 101, heightPx: 51, alpha: 128, renderMode: 'bars' as const },
      { leftPx: 0, topPx: 0, widthPx: 1281, heightPx: 721 },
    ];
    expect(arrange({ mode: 'custom', rectangles }, CANVAS, many(3))).toEqual({
      places: [
        {
          picture: camera('u1'),
          rectangle: { xPx: 10, yPx: 20, widthPx: 100, heightPx: 50 },
          renderMode: 'bars',
          alpha: 128,
        },
        { picture: camera('u2'), rectangle: { xPx: 0, yPx: 0, ...CANVAS }, renderMode: 'crop', alpha: 0 },
      ],
      leftOut: [camera('u3')],
    });
  });

  test('nobody is placed twice by order of entry, and nobody is lost', () => {
    const rectangle = fc.record(
      { userId: fc.constantFrom('u1', 'u2', 'u3', 'x'), source: fc.constantFrom('main' as const, 'aux' as const) },
      { requiredKeys: [] },
    );
    const people = fc.array(fc.boolean(), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(rectangle, { maxLength: 25 }), people, (rectangles, shares) => {
        const candidates = shares.flatMap((shared, index) =>
          shared ? [camera(`u${index}`), screen(`u${index}`)] : [camera(`u${index}`)],
        );
        const { places, leftOut } = arrange(
          { mode: 'custom', rectangles: rectangles.map((one, index) => at(index * 10, one)) },
          CANVAS,
          candidates,
        );
        const unnamed = places.filter(({ rectangle: { xPx } }) => rectangles[xPx / 10]?.userId === undefined);
        expect(new Set(unnamed.map(({ picture }) => picture)).size).toBe(unnamed.length);
        const all = new Set([...places.map(({ picture }) => picture), ...leftOut]);
        expect(all).toEqual(new Set(candidates));
        for (const {
          picture,
          rectangle: { xPx },
        } of places) {
          const { userId, source } = rectangles[xPx / 10] ?? {};
          if (userId !== undefined) expect([picture?.userId, picture?.source]).toEqual([userId, source ?? 'main']);
          else if (source !== undefined) expect(picture?.source).toBe(source);
        }
      }),
    );
  });
});
