import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RoomHistory, Size, Span } from '../timeline/index.ts';
import { FileClock } from './file-clock.ts';
import { usageClassOf } from './usage-class.ts';
import { UsageMeter } from './usage-meter.ts';
import { bucketParts } from './usage-span.ts';

const START_US = 1_790_000_000_000_000;
const FRAME_US = 66_667;
const SIZES: readonly Size[] = [
  { widthPx: 640, heightPx: 480 },
  { widthPx: 1280, heightPx: 720 },
  { widthPx: 1920, heightPx: 1080 },
];

function clockOf(startUs: number, pauses: Span[]): FileClock {
  const clock = new FileClock(startUs);
  // Of a history the clock reads this only.
  clock.follow({ task: { pauses } } as unknown as RoomHistory);
  return clock;
}

test.each([
  [640, 480, 'sd'],
  [480, 640, 'sd'],
  [640, 481, 'hd'],
  // By the number of samples, whatever the shape.
  [720, 360, 'sd'],
  [1280, 720, 'hd'],
  [1280, 722, 'fullHd'],
  [1920, 1080, 'fullHd'],
  [1922, 1080, '2k'],
  [2560, 1440, '2k'],
  [2562, 1440, '4k'],
  [7680, 4320, '4k'],
])('a picture of %i × %i is %s', (widthPx, heightPx, expected) => {
  expect(usageClassOf({ widthPx, heightPx })).toBe(expected);
});

describe('a meter', () => {
  test('counts sound as it is, to the microsecond, across a pause and the border of five minutes', () => {
    // 10 s before a border, with a pause from 4 to 7 s.
    const startUs = Math.ceil(START_US / 300e6) * 300e6 - 10e6;
    const clock = clockOf(startUs, [{ fromUs: startUs + 4e6, untilUs: startUs + 7e6 }]);
    const meter = new UsageMeter(clock);
    meter.reach(12_345_678, null);
    expect(meter.spans).toEqual([
      { fromUs: startUs, untilUs: startUs + 4e6, class: 'audio' },
      { fromUs: startUs + 7e6, untilUs: startUs + 15_345_678, class: 'audio' },
    ]);
    expect([...bucketParts(meter.spans)]).toEqual([
      { class: 'audio', bucketUs: startUs - 290e6, recordedUs: 4e6 },
      { class: 'audio', bucketUs: startUs - 290e6, recordedUs: 3e6 },
      { class: 'audio', bucketUs: startUs + 10e6, recordedUs: 5_345_678 },
    ]);
  });

  test('begins where it is told, and ends in a pause that lasts', () => {
    const meter = new UsageMeter(clockOf(START_US, [{ fromUs: START_US + 5e6, untilUs: null }]));
    meter.begin(1e6);
    meter.begin(3e6);
    meter.reach(5e6, null);
    expect(meter.spans).toEqual([{ fromUs: START_US + 1e6, untilUs: START_US + 5e6, class: 'audio' }]);
  });

  test('looks at the picture once in five seconds of the clock, and before the first picture all the time', () => {
    const startUs = Math.ceil(START_US / 5e6) * 5e6 + 1e6;
    const meter = new UsageMeter(clockOf(startUs, []));
    const [small, large] = [SIZES[0] ?? null, SIZES[1] ?? null];
    let looks = 0;
    const see = (size: Size | null) => () => {
      looks += 1;
      return size;
    };
    meter.reach(1e6, see(null));
    meter.reach(2e6, see(small));
    meter.reach(3e6, see(large));
    expect(looks).toBe(2);
    // 4 s into the file the next five seconds begin.
    meter.reach(5e6, see(large));
    meter.reach(8e6, see(small));
    // Nothing is shown any more: it stays what it was.
    meter.reach(10e6, see(null));
    expect(looks).toBe(4);
    expect(meter.spans).toEqual([
      { fromUs: startUs, untilUs: startUs + 4e6, class: 'sd' },
      { fromUs: startUs + 4e6, untilUs: startUs + 10e6, class: 'hd' },
    ]);
  });

  test('counts each moment once, as the picture of its five seconds, however often it is begun again', () => {
    fc.assert(
      fc.property(
        fc.record({
          startUs: fc.integer({ min: START_US, max: START_US + 400_000_000 }),
          frames: fc.integer({ min: 1, max: 800 }),
          restUs: fc.integer({ min: 0, max: FRAME_US }),
          pauses: fc.array(
            fc.record({
              afterUs: fc.integer({ min: 0, max: 20_000_000 }),
              lengthUs: fc.integer({ min: 1, max: 400_000_000 }),
            }),
            { maxLength: 4 },
          ),
          changes: fc.array(fc.integer({ min: 0, max: 800 }), { maxLength: 8 }),
          crashes: fc.array(
            fc.record({ at: fc.integer({ min: 0, max: 800 }), back: fc.integer({ min: 0, max: 100 }) }),
            { maxLength: 6 },
          ),
        }),
        ({ startUs, frames, restUs, pauses: gaps, changes, crashes }) => {
          let lastUs = startUs;
          const pauses = gaps.map(({ afterUs, lengthUs }) => {
            const fromUs = lastUs + 1 + afterUs;
            lastUs = fromUs + lengthUs;
            return { fromUs, untilUs: lastUs };
          });
          const clock = clockOf(startUs, pauses);
          const sizeAt = (frame: number): Size | null =>
            SIZES[changes.filter((change) => change <= frame).length % SIZES.length] ?? null;
          const endUs = frames * FRAME_US + restUs;
          const run = (killed: typeof crashes): UsageMeter => {
            let meter = new UsageMeter(clock);
            for (let frame = 0; frame <= frames; frame += 1) {
              const now = frame;
              meter.reach(frame * FRAME_US, () => sizeAt(now));
              const crash = killed.findIndex(({ at }) => at === now);
              if (crash < 0) continue;
              // What is kept is ahead of the frame with which the next render begins.
              const [{ back } = { back: 0 }] = killed.splice(crash, 1);
              meter = new UsageMeter(clock, structuredClone(meter.state));
              frame = Math.max(-1, frame - back);
            }
            meter.reach(endUs, () => sizeAt(frames));
            return meter;
          };
          const once = run([]);
          const often = run(crashes.map((crash) => ({ ...crash })));
          expect(often.spans).toEqual(once.spans);
          const sum = (parts: Iterable<{ recordedUs: number }>): number =>
            [...parts].reduce((total, { recordedUs }) => total + recordedUs, 0);
          expect(sum(bucketParts(once.spans))).toBe(endUs);
          for (const [index, span] of once.spans.entries()) {
            expect(span.untilUs).toBeGreaterThan(span.fromUs);
            expect(span.fromUs).toBeGreaterThanOrEqual(once.spans[index - 1]?.untilUs ?? startUs);
            for (const pause of pauses)
              expect(Math.min(span.untilUs, pause.untilUs) - Math.max(span.fromUs, pause.fromUs)).toBeLessThanOrEqual(
                0,
              );
          }
          for (const { bucketUs, recordedUs } of bucketParts(once.spans)) {
            expect(bucketUs % 300_000_000).toBe(0);
            expect(recordedUs).toBeLessThanOrEqual(300_000_000);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
