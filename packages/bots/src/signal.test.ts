import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SIGNAL_COUNT, signalOf } from './signal.ts';

describe('signalOf', () => {
  const all = Array.from({ length: SIGNAL_COUNT }, (_, index) => signalOf(index));

  it('gives every user of a room a colour and a pitch of his own', () => {
    for (const one of all) {
      for (const other of all) {
        if (one.index === other.index) continue;
        expect(Math.abs(one.pitchHz - other.pitchHz)).toBeGreaterThanOrEqual(100);
        const distance =
          Math.abs(one.color.r - other.color.r) +
          Math.abs(one.color.g - other.color.g) +
          Math.abs(one.color.b - other.color.b);
        expect(distance, `${one.name} ${other.name}`).toBeGreaterThan(20);
      }
    }
  });

  it('has no pitch that is a harmonic of another', () => {
    for (const one of all) {
      for (const other of all) {
        if (one.pitchHz >= other.pitchHz) continue;
        const ratio = other.pitchHz / one.pitchHz;
        expect(Math.abs(ratio - Math.round(ratio)) * one.pitchHz, `${one.pitchHz} ${other.pitchHz}`).toBeGreaterThan(9);
      }
    }
  });

  it('keeps the first two users far apart, and starts again after the last', () => {
    const [first, second] = [signalOf(0), signalOf(1)];
    expect(Math.abs(first.color.r - second.color.r)).toBeGreaterThan(60);
    fc.assert(
      fc.property(fc.nat(10_000), (index) => {
        expect(signalOf(index + SIGNAL_COUNT)).toEqual(signalOf(index));
      }),
    );
  });
});
