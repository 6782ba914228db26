import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DriftMeter } from './drift-meter.ts';
import { FREEZE_US, PictureHistory } from './picture-history.ts';
import { turnPlane } from './upright-picture.ts';

const SIZE = { width: 320, height: 180 };

describe('PictureHistory', () => {
  test('tells of every gap that is long enough when the mute is taken out of it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000_000), { minLength: 1, maxLength: 40 }), (gaps) => {
        const history = new PictureHistory();
        let atUs = 0;
        history.shown(atUs, SIZE);
        for (const gap of gaps) {
          atUs += gap;
          history.shown(atUs, SIZE);
        }
        const long = gaps.filter((gap) => gap > FREEZE_US);
        const facts = history.facts([], atUs);
        expect(facts).toMatchObject({ freezes: long.length, freezeUs: long.reduce((sum, gap) => sum + gap, 0) });
        expect(history.facts([{ fromUs: -1, untilUs: null }], atUs)).toMatchObject({ freezes: 0, freezeUs: 0 });
      }),
    );
  });

  test('takes a mute out, counts what was waited for, and the end', () => {
    const history = new PictureHistory();
    history.passedOver(0);
    history.passedOver(100_000);
    history.decoded(400_000);
    history.shown(400_000, SIZE);
    history.shown(5_000_000, { width: 640, height: 360 });
    history.shown(5_033_333, SIZE);
    history.passedOver(5_100_000);
    const facts = history.facts([{ fromUs: 500_000, untilUs: 4_000_000 }], 7_000_000);
    expect(facts).toEqual({
      freezes: 2,
      freezeUs: 4_600_000 - 3_500_000 + (7_000_000 - 5_033_333),
      keyFrameWaits: 2,
      keyFrameWaitUs: 400_000 + 1_900_000,
      resolutionChanges: 2,
    });
  });
});

describe('DriftMeter', () => {
  test('measures any clock, with jitter, across a leap and another SSRC', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -300, max: 300 }),
        fc.nat(2 ** 31 - 1),
        fc.oneof(fc.constant(0), fc.integer({ min: 100, max: 5000 })),
        (ppm, seed, leapMs) => {
          const meter = new DriftMeter();
          for (let index = 0; index < 6000; index += 1) {
            const sentUs = index * 20_000;
            const arrivalUs = Math.floor((1.79e15 + sentUs) / 1000 + (((index * 7919 + seed) % 997) / 997) * 30) * 1000;
            const rtpTime = Math.round(index * 960 * (1 + ppm / 1e6)) + (index > 2500 ? leapMs * 48 : 0);
            meter.push(
              { arrivalUs, epoch: index > 4000 ? 1 : 0, rtpTime: index > 4000 ? rtpTime - 12_345 : rtpTime },
              48_000,
            );
          }
          expect(Math.abs((meter.ppm ?? Number.NaN) - ppm)).toBeLessThan(25);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('does not say what it cannot know', () => {
    const meter = new DriftMeter();
    expect(meter.ppm).toBeNull();
    for (let index = 0; index < 500; index += 1)
      meter.push({ arrivalUs: index * 20_000, epoch: 0, rtpTime: index * 960 }, 48_000);
    expect(meter.ppm).toBeNull();
  });
});

test('a plane is turned sample by sample, whatever its size', () => {
  const side = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(
      side,
      side,
      fc.nat(5),
      fc.constantFrom(0, 90, 180, 270),
      fc.boolean(),
      (width, height, pad, turn, mirror) => {
        const source = { bytes: Buffer.alloc((width + pad) * height), strideBytes: width + pad };
        source.bytes.forEach((_, index) => source.bytes.writeUInt8((index * 31) & 255, index));
        const isAcross = turn === 90 || turn === 270;
        const [targetWidth, targetHeight] = isAcross ? [height, width] : [width, height];
        const target = { bytes: Buffer.alloc(targetWidth * targetHeight), strideBytes: targetWidth };
        turnPlane(source, target, { width, height, turnDegrees: turn, mirrored: mirror });
        for (let y = 0; y < height; y += 1) {
          for (let x = 0; x < width; x += 1) {
            // Clockwise: the top row becomes the right column.
            const turned = {
              0: [x, y],
              90: [height - 1 - y, x],
              180: [width - 1 - x, height - 1 - y],
              270: [y, width - 1 - x],
            }[turn];
            const [turnedX = 0, toY = 0] = turned ?? [];
            const toX = mirror ? targetWidth - 1 - turnedX : turnedX;
            expect(target.bytes[toY * targetWidth + toX]).toBe(source.bytes[y * (width + pad) + x]);
          }
        }
      },
    ),
  );
});
