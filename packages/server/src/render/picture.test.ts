import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { avcDecoderConfiguration, lengthPrefixed, splitAnnexB } from './h264-bytes.ts';
import { coverCrop } from './picture-fit.ts';
import { yuvOf } from './yuv-color.ts';

describe('coverCrop', () => {
  test('keeps the shape, the middle, and lies inside', () => {
    const side = fc.integer({ min: 8, max: 960 }).map((half) => half * 2);
    fc.assert(
      fc.property(side, side, side, side, (width, height, targetWidth, targetHeight) => {
        const crop = coverCrop({ widthPx: width, heightPx: height }, { widthPx: targetWidth, heightPx: targetHeight });
        for (const value of Object.values(crop)) expect(value % 2).toBe(0);
        expect(crop.xPx + crop.widthPx).toBeLessThanOrEqual(width);
        expect(crop.yPx + crop.heightPx).toBeLessThanOrEqual(height);
        expect(crop.widthPx === width || crop.heightPx === height).toBe(true);
        expect(Math.abs(width - crop.widthPx - 2 * crop.xPx)).toBeLessThanOrEqual(2);
        expect(Math.abs(height - crop.heightPx - 2 * crop.yPx)).toBeLessThanOrEqual(2);
      }),
    );
    expect(coverCrop({ widthPx: 640, heightPx: 360 }, { widthPx: 640, heightPx: 720 })).toEqual({
      xPx: 160,
      yPx: 0,
      widthPx: 320,
      heightPx: 360,
    });
  });
});

test('colours are those of BT.601, limited range', () => {
  expect(yuvOf('#000000')).toEqual({ y: 16, u: 128, v: 128 });
  expect(yuvOf('#ffffff')).toEqual({ y: 235, u: 128, v: 128 });
  expect(yuvOf('#ff0000')).toEqual({ y: 81, u: 90, v: 240 });
});

describe('H.264 bytes', () => {
  const unit = fc
    .tuple(fc.constantFrom(1, 5), fc.uint8Array({ min: 1, minLength: 1, maxLength: 50 }))
    .map(([type, rest]) => Buffer.from([0x60 | type, ...rest]));

  test('splits what was joined, and keeps slices behind their lengths', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(unit, fc.boolean()), { minLength: 1, maxLength: 6 }), (units) => {
        const joined = Buffer.concat(
          units.flatMap(([bytes, long]) => [Buffer.from(long ? [0, 0, 0, 1] : [0, 0, 1]), bytes]),
        );
        expect(splitAnnexB(joined)).toEqual(units.map(([bytes]) => bytes));
        expect(lengthPrefixed(joined)).toEqual(
          Buffer.concat(units.flatMap(([bytes]) => [Buffer.from([0, 0, 0, bytes.length]), bytes])),
        );
      }),
    );
  });

  test('the configuration record holds profile, level and parameter sets', () => {
    const header = Buffer.from([0, 0, 0, 1, 0x67, 100, 0, 31, 9, 0, 0, 0, 1, 0x68, 7]);
    expect(avcDecoderConfiguration(header).toString('hex')).toBe(
      '0164001fffe1000567' + '64001f09' + '010002' + '6807' + 'fdf8f800',
    );
    expect(() => avcDecoderConfiguration(Buffer.alloc(4))).toThrow('no parameter sets');
  });
});
