import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLOCK_LOOKAHEAD_US, ClockMap, type PacketTime } from './clock-map.ts';

const HZ = 48_000;
const BASE_US = 1_790_000_000_000_000;

/** 50 packets a second from a clock that is `ppm` fast, delayed by `delayMs` each, in the order of arrival. */
function sent(count: number, ppm: number, delayMs: (index: number) => number): (PacketTime & { sentUs: number })[] {
  return Array.from({ length: count }, (_, index) => {
    const sentUs = BASE_US + Math.round((index * 20_000) / (1 + ppm / 1e6));
    return {
      sentUs,
      arrivalUs: Math.floor((sentUs + delayMs(index) * 1000) / 1000) * 1000,
      epoch: 0,
      rtpTime: 4_000 + index * 960,
    };
  }).sort((a, b) => a.arrivalUs - b.arrivalUs);
}

function mapAll(packets: readonly PacketTime[]): number[] {
  const clock = new ClockMap(HZ);
  const mapped: number[] = [];
  for (const packet of packets) {
    clock.push(packet);
    for (let mediaUs = clock.shift(false); mediaUs !== null; mediaUs = clock.shift(false)) mapped.push(mediaUs);
  }
  for (let mediaUs = clock.shift(true); mediaUs !== null; mediaUs = clock.shift(true)) mapped.push(mediaUs);
  return mapped;
}

/** A repeatable jitter of 0 to `most` ms. */
const jitter = (most: number) => (index: number) => (((index * 7919) % 997) / 997) * most;

describe('ClockMap', () => {
  test('takes jitter out: 80 ms of it move the time by less than 3 ms', () => {
    const packets = sent(3000, 0, jitter(80));
    const mapped = mapAll(packets);
    packets.forEach(({ sentUs }, index) => expect(Math.abs((mapped[index] ?? 0) - sentUs)).toBeLessThan(3000));
  });

  test.each([200, -200, 90])('follows a sender that is %i ppm off for an hour, with jitter, to 4 ms', (ppm) => {
    const packets = sent(180_000, ppm, jitter(30));
    const mapped = mapAll(packets);
    const errors = packets.map(({ sentUs }, index) => (mapped[index] ?? 0) - sentUs);
    expect(errors.reduce((worst, error) => Math.max(worst, Math.abs(error)), 0)).toBeLessThan(4000);
  });

  test('never moves faster than 300 ppm, so sound can follow', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(90), { minLength: 100, maxLength: 1500 }), (delays) => {
        const packets = sent(delays.length, 0, (index) => delays[index] ?? 0);
        const mapped = mapAll(packets);
        for (let index = 1; index < packets.length; index += 1) {
          const [a, b] = [packets[index - 1], packets[index]];
          if (a === undefined || b === undefined) continue;
          const moved =
            (mapped[index] ?? 0) - (mapped[index - 1] ?? 0) - Math.round(((b.rtpTime - a.rtpTime) * 1e6) / HZ);
          expect(Math.abs(moved)).toBeLessThanOrEqual((b.arrivalUs - a.arrivalUs) * 300e-6 + 2);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('gives the same live as later, whenever it is asked, and asks for one second only', () => {
    const step = fc.record({ gapMs: fc.nat(1500), lateMs: fc.nat(3000), epoch: fc.constantFrom(0, 0, 0, 0, 1) });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 200 }),
        fc.array(fc.nat(20), { minLength: 1 }),
        (steps, turns) => {
          let arrivalUs = BASE_US;
          let epoch = 0;
          const packets = steps.map(({ gapMs, lateMs, epoch: more }, index) => {
            arrivalUs += gapMs * 1000;
            epoch += more;
            return { arrivalUs, epoch, rtpTime: index * 960 - lateMs * 48 };
          });
          const clock = new ClockMap(HZ);
          const live: number[] = [];
          const take = (ended: boolean): void => {
            for (let mediaUs = clock.shift(ended); mediaUs !== null; mediaUs = clock.shift(ended)) live.push(mediaUs);
          };
          packets.forEach((packet, index) => {
            clock.push(packet);
            if (index % ((turns[index % turns.length] ?? 0) + 1) !== 0) return;
            take(false);
            // Only packets of the last second, of the same epoch, may be waiting.
            const waiting = packets[live.length];
            if (waiting !== undefined && live.length <= index)
              expect(packet.arrivalUs - waiting.arrivalUs).toBeLessThanOrEqual(CLOCK_LOOKAHEAD_US);
          });
          take(true);
          const later = new ClockMap(HZ);
          for (const packet of packets) later.push(packet);
          const all: number[] = [];
          for (let mediaUs = later.shift(true); mediaUs !== null; mediaUs = later.shift(true)) all.push(mediaUs);
          expect(live).toEqual(all);
          for (const mediaUs of live) expect(Number.isSafeInteger(mediaUs)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('begins anew when the sender has slept', () => {
    const packets = [
      ...sent(500, 0, jitter(5)),
      ...sent(1000, 0, jitter(5))
        .slice(500)
        .map((packet) => ({ ...packet, arrivalUs: packet.arrivalUs + 60_000_000 })),
    ];
    const mapped = mapAll(packets);
    expect(Math.abs((mapped[499] ?? 0) - (packets[499]?.arrivalUs ?? 0))).toBeLessThan(10_000);
    packets
      .slice(500)
      .forEach(({ arrivalUs }, index) => expect(Math.abs((mapped[500 + index] ?? 0) - arrivalUs)).toBeLessThan(10_000));
  });

  test('does not take a stall of two seconds for a leap: what waited has its own time', () => {
    const packets = sent(1000, 0, (index) => (index >= 500 && index < 600 ? (600 - index) * 20 : 1));
    const mapped = mapAll(packets);
    packets.forEach(({ sentUs }, index) => expect(Math.abs((mapped[index] ?? 0) - sentUs)).toBeLessThan(3000));
  });

  test.each([3600, -3600, 5, -5])('a leap of %i s of the sender does not move what came before or after it', (byS) => {
    const packets = sent(1500, 0, jitter(40)).map((packet) => ({
      ...packet,
      rtpTime: packet.rtpTime + (packet.sentUs >= BASE_US + 15_000_000 ? byS * HZ : 0),
    }));
    const mapped = mapAll(packets);
    packets.forEach(({ sentUs }, index) => {
      // The packets that overtook each other at the leap cannot be told apart.
      if (Math.abs(sentUs - BASE_US - 15_000_000) < 41_000) return;
      expect(Math.abs((mapped[index] ?? 0) - sentUs)).toBeLessThan(15_000);
    });
  });

  test.each([2 ** 31 - 1, 1_000_000, -(2 ** 31), -1_000_000])(
    'one packet with a damaged time (%i) does not move the others',
    (by) => {
      const packets = sent(1500, 0, jitter(20)).map((packet, index) => ({
        ...packet,
        rtpTime: packet.rtpTime + (index === 700 ? by : 0),
      }));
      const mapped = mapAll(packets);
      packets.forEach(({ sentUs }, index) => {
        if (index !== 700) expect(Math.abs((mapped[index] ?? 0) - sentUs)).toBeLessThan(5_000);
      });
    },
  );
});
