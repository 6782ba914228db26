import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RenderMode } from '../recording/layout-parameters.ts';
import { coverCrop, fitPicture } from './picture-fit.ts';

const side = fc.integer({ min: 8, max: 960 }).map((half) => half * 2);
const size = fc.record({ widthPx: side, heightPx: side });
const mode = fc.constantFrom<RenderMode>('stretch', 'crop', 'bars', 'gentleCrop');

describe('fitPicture', () => {
  test('what is cut and what is filled lies inside, in the middle, and is even', () => {
    fc.assert(
      fc.property(mode, size, size, (renderMode, picture, place) => {
        const { crop, inner } = fitPicture(renderMode, picture, place);
        for (const [part, outer] of [
          [crop, picture],
          [inner, place],
        ] as const) {
          for (const value of Object.values(part)) expect(value % 2).toBe(0);
          expect(part.widthPx).toBeGreaterThan(0);
          expect(part.heightPx).toBeGreaterThan(0);
          expect(part.xPx + part.widthPx).toBeLessThanOrEqual(outer.widthPx);
          expect(part.yPx + part.heightPx).toBeLessThanOrEqual(outer.heightPx);
          expect(Math.abs(outer.widthPx - part.widthPx - 2 * part.xPx)).toBeLessThanOrEqual(2);
          expect(Math.abs(outer.heightPx - part.heightPx - 2 * part.yPx)).toBeLessThanOrEqual(2);
        }
        const whole = { xPx: 0, yPx: 0 };
        if (renderMode === 'stretch' || renderMode === 'bars') expect(crop).toEqual({ ...whole, ...picture });
        if (renderMode !== 'bars') expect(inner).toEqual({ ...whole, ...place });
        if (renderMode === 'crop') expect(crop).toEqual(coverCrop(picture, place));
        if (renderMode === 'bars')
          expect(inner.widthPx === place.widthPx || inner.heightPx === place.heightPx).toBe(true);
        if (renderMode === 'gentleCrop') {
          expect(crop.widthPx).toBeGreaterThanOrEqual(picture.widthPx * 0.8);
          expect(crop.heightPx).toBeGreaterThanOrEqual(picture.heightPx * 0.8);
        }
      }),
    );
  });

  test('a place with a position changes nothing of the fit', () => {
    const place = { xPx: 320, yPx: 10, widthPx: 320, heightPx: 360 };
    expect(fitPicture('crop', { widthPx: 320, heightPx: 180 }, place).inner).toEqual({ ...place, xPx: 0, yPx: 0 });
  });

  test.each([
    ['stretch', { xPx: 0, yPx: 0, widthPx: 640, heightPx: 360 }, { xPx: 0, yPx: 0, widthPx: 320, heightPx: 360 }],
    ['crop', { xPx: 160, yPx: 0, widthPx: 320, heightPx: 360 }, { xPx: 0, yPx: 0, widthPx: 320, heightPx: 360 }],
    ['bars', { xPx: 0, yPx: 0, widthPx: 640, heightPx: 360 }, { xPx: 0, yPx: 90, widthPx: 320, heightPx: 180 }],
    ['gentleCrop', { xPx: 64, yPx: 0, widthPx: 512, heightPx: 360 }, { xPx: 0, yPx: 0, widthPx: 320, heightPx: 360 }],
  ] as const)('%s of 640 × 360 in 320 × 360', (renderMode, crop, inner) => {
    expect(fitPicture(renderMode, { widthPx: 640, heightPx: 360 }, { widthPx: 320, heightPx: 360 })).toEqual({
      crop,
      inner,
    });
  });

  test('gentleCrop cuts no more than crop where that cuts little', () => {
    const [picture, place] = [
      { widthPx: 640, heightPx: 360 },
      { widthPx: 640, heightPx: 400 },
    ];
    expect(fitPicture('gentleCrop', picture, place)).toEqual(fitPicture('crop', picture, place));
  });
});
