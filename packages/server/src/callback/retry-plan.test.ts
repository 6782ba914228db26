import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextAttemptUs } from './retry-plan.ts';

const S = 1_000_000;
const HOUR = 3_600 * S;

/** The ages at which an event is tried that never arrives, in seconds, when a try takes no time. */
function ages(giveUpAfterUs: number): number[] {
  const found = [0];
  for (let attempts = 1; ; attempts += 1) {
    const nowUs = (found.at(-1) ?? 0) * S;
    const next = nextAttemptUs({ attempts, createdUs: 0, nowUs, giveUpAfterUs });
    if (next === null) return found;
    found.push(next / S);
  }
}

test('tries at once, every ten seconds for a minute, then after growing pauses up to a day', () => {
  const all = ages(24 * HOUR);
  expect(all.slice(0, 14)).toEqual([0, 10, 20, 30, 40, 50, 60, 80, 120, 200, 360, 680, 1320, 2600]);
  expect(all.slice(14, 17)).toEqual([5160, 8760, 12_360]);
  expect(all.at(-1)).toBe(86_400);
});

test('what waited behind others for longer than that is tried once, and given up', () => {
  expect(nextAttemptUs({ attempts: 1, createdUs: 0, nowUs: 25 * HOUR, giveUpAfterUs: 24 * HOUR })).toBeNull();
});

test('never waits longer than an hour, never beyond the end, and always goes forward', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 0, max: 100 * HOUR }),
      fc.integer({ min: HOUR, max: 720 * HOUR }),
      (attempts, nowUs, giveUpAfterUs) => {
        const next = nextAttemptUs({ attempts, createdUs: 0, nowUs, giveUpAfterUs });
        if (next === null) return nowUs >= giveUpAfterUs;
        return next > nowUs && next <= nowUs + HOUR && next <= giveUpAfterUs;
      },
    ),
  );
});
