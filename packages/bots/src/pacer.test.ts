import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Loop } from './loop.ts';
import { Pacer } from './pacer.ts';

const loop = (unitsPerSecond: number, count: number): Loop => ({
  clockRate: 90_000,
  unitsPerSecond,
  units: Array.from({ length: count }, (_, index) => ({ payloads: [Buffer.of(index)], key: index === 0 })),
});

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_123 }));
afterEach(() => void vi.useRealTimers());

describe('Pacer', () => {
  it('sends each unit at its time of the wall clock, without drift', () => {
    const pacer = new Pacer(() => Date.now());
    const sent: { number: number; atMs: number; index: number | undefined }[] = [];
    pacer.add(loop(15, 150), (number, { payloads }) =>
      sent.push({ number, atMs: Date.now(), index: payloads[0]?.[0] }),
    );
    vi.advanceTimersByTime(60_000);
    pacer.close();
    expect(sent).toHaveLength(900);
    for (const [position, { number, atMs, index }] of sent.entries()) {
      expect(number).toBe((sent[0]?.number ?? 0) + position);
      expect(index).toBe(number % 150);
      const dueMs = (number * 1000) / 15;
      expect(atMs - dueMs).toBeGreaterThanOrEqual(-1);
      expect(atMs - dueMs).toBeLessThan(2);
    }
    // The first unit of a loop falls on a whole second.
    expect(sent.filter(({ index }) => index === 0).every(({ atMs }) => atMs % 10_000 < 2)).toBe(true);
  });

  it('keeps loops of different rates together and ends each alone', () => {
    const pacer = new Pacer(() => Date.now());
    let [pictures, sounds] = [0, 0];
    const end = pacer.add(loop(15, 15), () => pictures++);
    pacer.add(loop(50, 50), () => sounds++);
    vi.advanceTimersByTime(2000);
    expect([pictures, sounds]).toEqual([30, 100]);
    end();
    end();
    vi.advanceTimersByTime(1000);
    expect([pictures, sounds]).toEqual([30, 150]);
    pacer.close();
    pacer.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('catches up after a short stop, and forgets after a long one', () => {
    const pacer = new Pacer(() => Date.now());
    const numbers: number[] = [];
    pacer.add(loop(50, 50), (number) => numbers.push(number));
    vi.advanceTimersByTime(100);
    vi.setSystemTime(Date.now() + 500);
    vi.advanceTimersByTime(100);
    expect(numbers.every((number, at) => at === 0 || number === (numbers[at - 1] ?? 0) + 1)).toBe(true);
    const before = numbers.length;
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(100);
    expect(numbers.length - before).toBeLessThan(60);
    pacer.close();
  });
});
