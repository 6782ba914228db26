import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SincKernel } from './sinc-kernel.ts';
import { SoundRun } from './sound-run.ts';

const START_US = 1_790_000_000_000_000;
/** A tone of 1 kHz, its phase counted in samples of 48 kHz from the run's beginning. */
const tone = (sample: number): number => 0.5 * Math.sin((2 * Math.PI * 1000 * sample) / 48_000);
const block = (first: number, length = 960): Float32Array[] => [
  Float32Array.from({ length }, (_, index) => tone(first + index)),
];

function read(run: SoundRun, fromUs: number, length: number, rateHz = 48_000): Float32Array {
  const out = new Float32Array(length);
  run.addTo([out], fromUs, 1_000_000 / rateHz, new SincKernel(rateHz / 48_000));
  return out;
}

describe('SoundRun', () => {
  test("reads every sample at its media time, whatever the sender's clock, without a click", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -300, max: 300 }),
        fc.constantFrom(48_000, 44_100, 16_000),
        fc.nat(19_999),
        (ppm, rateHz, offsetUs) => {
          const run = new SoundRun();
          for (let index = 0; index < 20; index += 1)
            run.write(index * 960, START_US + Math.round(index * 20_000 * (1 + ppm / 1e6)), block(index * 960));
          const fromUs = START_US + 40_000 + offsetUs;
          const out = read(run, fromUs, Math.floor(rateHz * 0.2), rateHz);
          out.forEach((value, index) => {
            const senderSample = ((fromUs - START_US + (index * 1e6) / rateHz) / (1 + ppm / 1e6)) * 0.048;
            // A hundredth of the level is a fiftieth of a sample of the tone: far below 3 ms.
            expect(Math.abs(value - tone(senderSample))).toBeLessThan(0.006);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('bridges a hole without a click, then is silent, then comes back', () => {
    const run = new SoundRun();
    run.write(0, START_US, block(0));
    run.write(960, START_US + 20_000, block(960));
    expect(run.continues(960 * 12, START_US + 240_000)).toBe(true);
    run.write(960 * 12, START_US + 240_000, block(960 * 12));
    const out = read(run, START_US, 960 * 13);
    const steps = out.slice(1).map((value, index) => Math.abs(value - (out[index] ?? 0)));
    // The steepest step of the tone itself is 0.065.
    expect(Math.max(...steps.slice(20, 960 * 12 + 900))).toBeLessThan(0.07);
    expect(Math.max(...out.slice(960 * 3 + 20, 960 * 12 - 20).map(Math.abs))).toBeLessThan(1e-4);
    expect(Math.max(...out.slice(960 * 12 + 300, 960 * 12 + 900).map(Math.abs))).toBeGreaterThan(0.45);
  });

  test('goes on when a mono stream becomes stereo and mono again', () => {
    const run = new SoundRun();
    const half = (first: number): Float32Array => (block(first)[0] ?? new Float32Array(0)).map((value) => value / 2);
    for (let index = 0; index < 12; index += 1) {
      const left = block(index * 960);
      run.write(index * 960, START_US + index * 20_000, index < 4 || index >= 8 ? left : [...left, half(index * 960)]);
    }
    const [left, right] = [new Float32Array(960 * 11), new Float32Array(960 * 11)];
    run.addTo([left, right], START_US, 1_000_000 / 48_000, new SincKernel(1));
    const loudest = (samples: Float32Array, packet: number): number =>
      Math.max(...samples.subarray(packet * 960 + 100, packet * 960 + 860).map(Math.abs));
    expect([1, 5, 9].map((packet) => Math.round(loudest(left, packet) * 100))).toEqual([50, 50, 50]);
    expect([1, 5, 9].map((packet) => Math.round(loudest(right, packet) * 100))).toEqual([50, 25, 50]);
  });

  test('says when a block belongs to another run', () => {
    const run = new SoundRun();
    run.write(0, START_US, block(0));
    expect(run.continues(960, START_US + 20_006)).toBe(true);
    expect(run.continues(960, START_US + 520_000)).toBe(false);
    expect(run.continues(480, START_US + 10_000)).toBe(false);
  });
});
