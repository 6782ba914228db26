import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { StreamLife } from '../timeline/index.ts';
import { withinLife, withoutParts } from './alarm-span.ts';
import { Canvas } from './canvas.ts';
import { ContentWatch } from './content-watch.ts';
import { type Gap, GapMeter } from './gap-meter.ts';
import { LeftOutMeter } from './left-out-meter.ts';
import { LossMeter } from './loss-meter.ts';
import { lookAtPicture } from './picture-watch.ts';
import { isHeard } from './silence-meter.ts';
import { SyncMeter } from './sync-meter.ts';
import { yuvOf } from './yuv-color.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-watch-'));
afterAll(() => rmSync(folder, { recursive: true }));

const LIFE: StreamLife = {
  streamId: 's',
  userId: 'u',
  kind: 'audio',
  source: 'main',
  dump: 's.mjr',
  fromUs: 0,
  untilUs: null,
  end: null,
  muted: [],
};

describe('GapMeter', () => {
  test('finds every gap that is long enough, also when it is kept and gone on with', () => {
    const times = fc.array(fc.nat(1000), { maxLength: 60 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 300 }), fc.nat(60), (steps, leastUs, cut) => {
        let meter = new GapMeter({ fromUs: 0, leastUs });
        const expected: Gap[] = [];
        let atUs = 0;
        steps.forEach((step, index) => {
          if (index === cut)
            meter = new GapMeter({ fromUs: 0, leastUs, state: JSON.parse(JSON.stringify(meter.state)) });
          if (step >= leastUs) expected.push({ fromUs: atUs, untilUs: atUs + step });
          atUs += step;
          meter.seen(atUs);
          // What is older changes nothing.
          meter.seen(atUs - 1);
        });
        expect(meter.gaps(atUs)).toEqual(expected);
        expect(meter.gaps(atUs + leastUs)).toEqual([...expected, { fromUs: atUs, untilUs: atUs + leastUs }]);
      }),
    );
  });

  test('0 switches it off', () => {
    const meter = new GapMeter({ fromUs: 0, leastUs: 0 });
    meter.seen(1e9);
    expect(meter.gaps(1e12)).toEqual([]);
  });
});

describe('LossMeter', () => {
  /** 50 packets a second with the lost ones left out. */
  function spans(seconds: number, isLost: (index: number) => boolean, { limitPercent = 10, fromUs = 0 } = {}) {
    const meter = new LossMeter({ fromUs, limitPercent });
    for (let index = 0; index < seconds * 50; index += 1)
      if (!isLost(index)) meter.push({ epoch: 0, sequence: index, mediaUs: index * 20_000 });
    return meter.finish();
  }

  test('tells of nothing below the limit', () => {
    expect(spans(60, (index) => index % 10 === 5)).toEqual([]);
    expect(spans(60, (index) => index % 50 < 45, { limitPercent: 0 })).toEqual([]);
    // 2 s without one of 10 are above it as a whole, and are not within 10 s.
    expect(spans(60, (index) => index >= 1000 && index < 1050)).toEqual([]);
  });

  test('tells of a burst where it was and how bad it was', () => {
    expect(spans(60, (index) => index >= 1000 && index < 1100)).toEqual([{ fromUs: 20e6, untilUs: 22e6, percent: 20 }]);
    // Two bursts that no window holds both of.
    const two = spans(60, (index) => (index >= 500 && index < 600) || (index >= 2000 && index < 2150));
    expect(two).toEqual([
      { fromUs: 10e6, untilUs: 12e6, percent: 20 },
      { fromUs: 40e6, untilUs: 43e6, percent: 30 },
    ]);
  });

  test('takes a short stream as a whole, and what is before the window not at all', () => {
    const [short] = spans(4, (index) => index >= 50 && index < 80);
    expect(short).toEqual({ fromUs: 1e6, untilUs: 2e6, percent: 15 });
    expect(spans(60, (index) => index >= 500 && index < 600, { fromUs: 20e6 })).toEqual([]);
  });

  test('with seldom packets one loss is no alarm, and another beginning of the stream is no loss', () => {
    const meter = new LossMeter({ fromUs: 0, limitPercent: 10 });
    for (let index = 0; index < 60; index += 1)
      if (index % 5 !== 3) meter.push({ epoch: 0, sequence: index, mediaUs: index * 600_000 });
    for (let index = 0; index < 3000; index += 1)
      meter.push({ epoch: 1, sequence: index + 9000, mediaUs: 36e6 + index * 20_000 });
    expect(meter.finish()).toEqual([]);
  });

  test('spans lie in order, apart, above the limit and around what was lost, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 2000 }),
        fc.integer({ min: 1, max: 60 }),
        (lost, limitPercent) => {
          const found = spans(40, (index) => lost[index] ?? false, { limitPercent });
          found.forEach(({ fromUs, untilUs, percent }, index) => {
            expect(untilUs).toBeGreaterThan(fromUs);
            expect(percent).toBeGreaterThan(limitPercent);
            expect(fromUs).toBeGreaterThan(found[index - 1]?.untilUs ?? -1);
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});

test('SyncMeter finds the 95th percentile, also when it is kept and gone on with', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1200, max: 1200 }), { minLength: 1 }), fc.nat(50), (offsMs, cut) => {
      let meter = new SyncMeter();
      offsMs.forEach((offMs, index) => {
        if (index === cut) meter = new SyncMeter(JSON.parse(JSON.stringify(meter.state)));
        meter.add(offMs * 1000);
      });
      const sorted = offsMs.map((offMs) => Math.min(1000, Math.abs(offMs))).sort((a, b) => a - b);
      expect(meter.p95Ms).toBe(sorted[Math.ceil(sorted.length * 0.95) - 1]);
    }),
  );
  expect(new SyncMeter().p95Ms).toBeNull();
});

test('LeftOutMeter tells who had no place, and when', () => {
  const meter = new LeftOutMeter();
  meter.at(0, []);
  meter.at(10, ['a']);
  meter.at(20, ['a', 'b']);
  const later = new LeftOutMeter(JSON.parse(JSON.stringify(meter.state)));
  later.at(30, ['b']);
  later.at(40, ['b']);
  later.at(60, ['a', 'b']);
  expect(later.until(50)).toEqual([
    { userId: 'a', fromUs: 10, untilUs: 30 },
    { userId: 'b', fromUs: 20, untilUs: 50 },
  ]);
});

test('what is left of gaps: within the stream, while it was not muted', () => {
  const gaps = [
    { fromUs: 0, untilUs: 100 },
    { fromUs: 200, untilUs: 300 },
  ];
  const life = {
    ...LIFE,
    fromUs: 10,
    untilUs: 280,
    muted: [
      { fromUs: 40, untilUs: 60 },
      { fromUs: 250, untilUs: null },
    ],
  };
  expect(withinLife(gaps, life, { fromUs: 0, untilUs: 290 })).toEqual([
    { fromUs: 10, untilUs: 40 },
    { fromUs: 60, untilUs: 100 },
    { fromUs: 200, untilUs: 250 },
  ]);
  expect(withoutParts(gaps, [{ fromUs: 50, untilUs: 350 }])).toEqual([{ fromUs: 0, untilUs: 50 }]);
});

describe('lookAtPicture', () => {
  const whole = { xPx: 0, yPx: 0, widthPx: 320, heightPx: 180 };
  test('tells pictures apart by little, and the same one from itself not', () => {
    using canvas = new Canvas({ widthPx: 320, heightPx: 180 });
    canvas.fill(whole, yuvOf('#204060'));
    const before = lookAtPicture(canvas.frame);
    expect(lookAtPicture(canvas.frame)).toEqual(before);
    canvas.fill({ xPx: 100, yPx: 80, widthPx: 8, heightPx: 6 }, yuvOf('#204664'));
    expect(lookAtPicture(canvas.frame).print).not.toBe(before.print);
  });

  test('black is what is dark all over but for a little', () => {
    using canvas = new Canvas({ widthPx: 320, heightPx: 180 });
    canvas.fill(whole, yuvOf('#0c0c0c'));
    canvas.fill({ xPx: 0, yPx: 0, widthPx: 32, heightPx: 30 }, yuvOf('#ffffff'));
    expect(lookAtPicture(canvas.frame).black).toBe(true);
    canvas.fill({ xPx: 0, yPx: 0, widthPx: 64, heightPx: 30 }, yuvOf('#ffffff'));
    expect(lookAtPicture(canvas.frame).black).toBe(false);
    canvas.fill(whole, yuvOf('#303030'));
    expect(lookAtPicture(canvas.frame).black).toBe(false);
  });
});

test('a block is heard above −60 dBFS, on whichever channel', () => {
  const block = (level: number): Float32Array[] => [new Float32Array(960), new Float32Array(960).fill(level, 900, 901)];
  expect([0, 0.0009, -0.0009, 0.0011, -0.0011].map((level) => isHeard(block(level)))).toEqual([
    false,
    false,
    false,
    true,
    true,
  ]);
});

describe('ContentWatch', () => {
  const USAGE = {
    untilUs: 1_000_000,
    looked: 7,
    seen: 'hd' as const,
    spans: [{ fromUs: 0, untilUs: 1_000_000, class: 'hd' as const }],
  };
  const options = { alarms: { silentS: 1 }, fromUs: 0 };
  const loud = [new Float32Array(960).fill(0.5)];
  const history = { stays: [], streams: [LIFE], task: null, pictures: [], closed: false };

  test('goes on from the end of the last segment, not from what was seen beyond it', () => {
    const work = mkdtempSync(join(folder, 'work-'));
    const first = ContentWatch.resume(work, options, 0);
    const sound = first.of(LIFE, 's.mjr');
    sound.block(100_000, 0, loud);
    sound.block(500_000, 0, loud);
    first.keep(0, USAGE);
    first.keep(1, USAGE);
    first.keep(2, USAGE);
    // One is needed to go on, and the one before it while that is written.
    expect(readdirSync(work).sort()).toEqual(['watch-000001.json', 'watch-000002.json']);
    const file = { fromUs: 0, untilUs: 2_000_000 };
    expect([...first.alarms(history, file).values()].flat()).toMatchObject([
      { kind: 'silent', fromUs: 520_000, untilUs: 2_000_000 },
    ]);

    const again = mkdtempSync(join(folder, 'work-'));
    const once = ContentWatch.resume(again, options, 0);
    once.of(LIFE, 's.mjr').takes(0);
    once.of(LIFE, 's.mjr').block(100_000, 0, loud);
    once.keep(0, USAGE);
    once.of(LIFE, 's.mjr').block(500_000, 0, loud);
    const second = ContentWatch.resume(again, options, 1);
    expect([once.usageBefore, second.usageBefore]).toEqual([undefined, USAGE]);
    // Decoded again to warm up.
    expect([0, 1].map((ordinal) => second.of(LIFE, 's.mjr').takes(ordinal))).toEqual([false, true]);
    expect([...second.alarms(history, file).values()].flat()).toMatchObject([{ kind: 'silent', fromUs: 120_000 }]);
  });

  test('begins anew when nothing was kept, or by another version', () => {
    const work = mkdtempSync(join(folder, 'work-'));
    writeFileSync(join(work, 'watch-000004.json'), '{"version":0}');
    for (const segments of [3, 5])
      expect(ContentWatch.resume(work, options, segments).alarms(history, { fromUs: 0, untilUs: 1 }).size).toBe(0);
  });
});
