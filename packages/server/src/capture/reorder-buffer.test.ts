import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReorderBuffer } from './reorder-buffer.ts';

const packet = (
  sequence: number,
  mediaUs = sequence * 20_000,
  epoch = 0,
): { sequence: number; mediaUs: number; epoch: number } => ({ sequence, mediaUs, epoch });

describe('ReorderBuffer', () => {
  test('gives in order what overtook by less than the window, and all of it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(24), { minLength: 1, maxLength: 200 }), (delays) => {
        const buffer = new ReorderBuffer({ windowUs: 500_000 });
        const arrivals = delays
          .map((delay, index) => ({ at: index + delay, index }))
          .sort((a, b) => a.at - b.at || a.index - b.index);
        const out = arrivals.flatMap(({ index }) => buffer.push(packet(index)));
        out.push(...buffer.flush());
        expect(out.map(({ sequence }) => sequence)).toEqual(delays.map((_, index) => index));
        expect(buffer.lost).toBe(0);
      }),
    );
  });

  test('counts losses and duplicates, and never gives a packet twice or out of order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: 2, maxLength: 100 }), (copies) => {
        const buffer = new ReorderBuffer({ windowUs: 500_000 });
        const out = copies.flatMap((count, index) =>
          Array.from({ length: count }, () => buffer.push(packet(index))).flat(),
        );
        out.push(...buffer.flush());
        const present = copies.flatMap((count, index) => (count > 0 ? [index] : []));
        expect(out.map(({ sequence }) => sequence)).toEqual(present);
        expect(buffer.duplicates).toBe(copies.filter((count) => count === 2).length);
        const span = present.length === 0 ? 0 : (present.at(-1) ?? 0) - (present[0] ?? 0) + 1;
        expect(buffer.lost).toBe(span - present.length);
      }),
    );
  });

  test('does not wait longer than its window', () => {
    const buffer = new ReorderBuffer({ windowUs: 500_000 });
    const given = [0, 1, 2, 4, 5].flatMap((sequence) => buffer.push(packet(sequence)));
    for (let sequence = 6; sequence < 29; sequence += 1) given.push(...buffer.push(packet(sequence)));
    expect(given.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
    given.push(...buffer.push(packet(29)), ...buffer.push(packet(30)));
    expect(given.map(({ sequence }) => sequence).slice(0, 4)).toEqual([0, 1, 2, 4]);
    expect(buffer.lost).toBe(1);
    expect(buffer.push(packet(3))).toEqual([]);
  });

  test('begins anew with an epoch', () => {
    const buffer = new ReorderBuffer({ windowUs: 500_000 });
    buffer.push(packet(100));
    expect(buffer.push(packet(7, 3_000_000, 1)).map(({ sequence }) => sequence)).toEqual([100]);
    expect(buffer.flush().map(({ sequence }) => sequence)).toEqual([7]);
    expect(buffer.lost).toBe(0);
  });
});
