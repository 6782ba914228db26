import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Canvas, type Plane, planesOf } from './canvas.ts';
import { Composition } from './composition.ts';
import type { Layer } from './layer.ts';
import { rasterOf } from './raster.ts';

const SIZE = { widthPx: 32, heightPx: 24 };
const WHOLE = { xPx: 0, yPx: 0, ...SIZE };

const rectangle = fc
  .record({
    x: fc.nat(15),
    y: fc.nat(11),
    width: fc.integer({ min: 1, max: 16 }),
    height: fc.integer({ min: 1, max: 12 }),
  })
  .map(({ x, y, width, height }) => ({
    xPx: x * 2,
    yPx: y * 2,
    widthPx: Math.min(width, 16 - x) * 2,
    heightPx: Math.min(height, 12 - y) * 2,
  }));
const place = fc.oneof({ arbitrary: fc.constant(WHOLE), weight: 1 }, { arbitrary: rectangle, weight: 4 });
const base = fc.record({
  rectangle: place,
  alpha: fc.constantFrom(0, 0, 0, 90),
  kind: fc.constantFrom('color', 'picture', 'overlay'),
  seed: fc.nat(),
});
type Base = typeof base extends fc.Arbitrary<infer B> ? B : never;

/** A layer whose content follows from its seed. */
function layerOf({ rectangle: at, alpha, kind, seed }: Base): Layer {
  const key = `${kind} ${seed}`;
  if (kind === 'color')
    return {
      rectangle: at,
      alpha,
      seeThrough: false,
      key,
      patches: () => [{ rectangle: at, color: { y: 16 + (seed % 200), u: seed % 256, v: 128 } }],
    };
  const rgba = new Uint8ClampedArray(at.widthPx * at.heightPx * 4);
  for (let index = 0; index < rgba.length; index += 1) {
    const isOpacity = index % 4 === 3;
    const value = (Math.imul(seed + index, 2_654_435_761) >>> 8) & 255;
    rgba[index] = isOpacity && kind === 'picture' ? 255 : isOpacity && index % 3 === 0 ? 0 : value;
  }
  const { planes, through } = rasterOf(at, rgba);
  const patch = through === undefined ? { rectangle: at, planes } : { rectangle: at, planes, through };
  return {
    rectangle: at,
    alpha: kind === 'overlay' ? 0 : alpha,
    seeThrough: kind === 'overlay',
    key,
    patches: () => [patch],
  };
}

function bytesOf(canvas: Canvas): number[] {
  return planesOf(canvas.frame).flatMap(({ bytes, strideBytes }: Plane, index) => {
    const [width, height] = index === 0 ? [SIZE.widthPx, SIZE.heightPx] : [SIZE.widthPx / 2, SIZE.heightPx / 2];
    return Array.from({ length: height }, (_, row) => [
      ...bytes.subarray(row * strideBytes, row * strideBytes + width),
    ]).flat();
  });
}

/** What each byte of the canvas must be, by painting every layer over all that is below it. */
function paintedAnew(layers: readonly Layer[], color: string): number[] {
  using canvas = new Canvas(SIZE);
  new Composition(canvas).paint(layers, color);
  return bytesOf(canvas);
}

test('what is painted bit by bit is what painting everything anew gives, whatever lies over what', () => {
  fc.assert(
    fc.property(
      fc.array(base, { maxLength: 6 }),
      fc.array(fc.record({ which: fc.nat(5), seed: fc.nat() }), { maxLength: 6 }),
      (bases, changes) => {
        using canvas = new Canvas(SIZE);
        const composition = new Composition(canvas);
        const now = bases.map((one) => ({ ...one }));
        composition.paint(now.map(layerOf), '#203040');
        for (const { which, seed } of changes) {
          const changed = now[which];
          if (changed === undefined) continue;
          changed.seed = seed;
          composition.paint(now.map(layerOf), '#203040');
          expect(bytesOf(canvas)).toEqual(paintedAnew(now.map(layerOf), '#203040'));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('what has not changed is not painted, nor asked for', () => {
  using canvas = new Canvas(SIZE);
  const composition = new Composition(canvas);
  let asked = 0;
  const layer = (key: string, xPx: number): Layer => ({
    rectangle: { xPx, yPx: 0, widthPx: 4, heightPx: 4 },
    alpha: 0,
    seeThrough: true,
    key,
    patches: () => {
      asked += 1;
      return [];
    },
  });
  expect(composition.paint([layer('a', 0), layer('b', 8)], '#000000')).toBe(true);
  expect(asked).toBe(2);
  expect(composition.paint([layer('a', 0), layer('b', 8)], '#000000')).toBe(false);
  expect(asked).toBe(2);
  expect(composition.paint([layer('a', 0), layer('c', 8)], '#000000')).toBe(true);
  expect(asked).toBe(3);
});

test('half of a picture and half of what lies below is the middle of both', () => {
  using canvas = new Canvas(SIZE);
  const rgba = new Uint8ClampedArray(SIZE.widthPx * SIZE.heightPx * 4).map((_, index) => (index % 4 === 3 ? 128 : 255));
  const { planes, through } = rasterOf(SIZE, rgba);
  if (through === undefined) throw new Error('not transparent');
  const layer = {
    rectangle: WHOLE,
    alpha: 0,
    seeThrough: true,
    key: '',
    patches: () => [{ rectangle: WHOLE, planes, through }],
  };
  new Composition(canvas).paint([layer], '#000000');
  const [y] = planesOf(canvas.frame);
  // White is 235, black 16.
  expect(Math.abs((y.bytes[0] ?? 0) - 126)).toBeLessThanOrEqual(1);
});
