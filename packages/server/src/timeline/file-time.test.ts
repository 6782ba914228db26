import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileTimeUs, mediaTimeUs } from './file-time.ts';
import type { Span } from './room-history.ts';

const START = 1_790_000_000_000_000;

/** Pauses in order, none over another, from `fromUs` on; the last one may go on. */
const pausesFrom = (fromUs: number): fc.Arbitrary<Span[]> =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 1, max: 10_000_000 }))),
      fc.boolean(),
    )
    .map(([lengths, isOpen]) => {
      let atUs = fromUs;
      return lengths.map(([gapUs, lengthUs], index): Span => {
        const span = { fromUs: atUs + gapUs, untilUs: atUs + gapUs + lengthUs };
        atUs = span.untilUs;
        return isOpen && index === lengths.length - 1 ? { fromUs: span.fromUs, untilUs: null } : span;
      });
    });

describe('file time', () => {
  test('without pauses it is media time since the beginning', () => {
    expect(mediaTimeUs(START, 5, [])).toBe(START + 5);
    expect(fileTimeUs(START, START + 5, [])).toBe(5);
  });

  test('a pause is cut out: the moment where it was is that of its end', () => {
    const pauses = [{ fromUs: START + 10, untilUs: START + 30 }];
    expect([9, 10, 11].map((fileUs) => mediaTimeUs(START, fileUs, pauses))).toEqual([
      START + 9,
      START + 30,
      START + 31,
    ]);
    expect([9, 10, 20, 30, 31].map((atUs) => fileTimeUs(START, START + atUs, pauses))).toEqual([9, 10, 10, 10, 11]);
  });

  test('what lies behind a pause that lasts is not known; pauses before the beginning do not count', () => {
    const pauses = [
      { fromUs: START - 20, untilUs: START - 10 },
      { fromUs: START + 10, untilUs: null },
    ];
    expect(mediaTimeUs(START, 9, pauses)).toBe(START + 9);
    expect(mediaTimeUs(START, 10, pauses)).toBeNull();
    expect(fileTimeUs(START, START + 100, pauses)).toBe(10);
  });

  test('every moment of a file has one media time, outside of all pauses, later ones later; and back', () => {
    fc.assert(
      fc.property(pausesFrom(START), fc.array(fc.nat(200_000_000), { minLength: 2 }), (pauses, times) => {
        let before = { fileUs: -1, mediaUs: Number.NEGATIVE_INFINITY };
        for (const fileUs of times.toSorted((a, b) => a - b)) {
          const mediaUs = mediaTimeUs(START, fileUs, pauses);
          if (mediaUs === null) {
            expect(pauses.at(-1)?.untilUs).toBeNull();
            continue;
          }
          for (const { fromUs, untilUs } of pauses)
            expect(mediaUs < fromUs || mediaUs >= (untilUs ?? Number.POSITIVE_INFINITY)).toBe(true);
          expect(fileTimeUs(START, mediaUs, pauses)).toBe(fileUs);
          if (fileUs > before.fileUs) expect(mediaUs).toBeGreaterThan(before.mediaUs);
          before = { fileUs, mediaUs };
        }
      }),
    );
  });
});
