import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rtpPacket } from './mjr-testkit.ts';
import { extensionData, parseRtpPacket } from './rtp-packet.ts';
import { Unwrapper } from './unwrapper.ts';

describe('parseRtpPacket', () => {
  test('reads what was written, behind the header extension', () => {
    fc.assert(
      fc.property(
        fc.nat(65_535),
        fc.nat(2 ** 31),
        fc.nat(2 ** 31),
        fc.boolean(),
        fc.uint8Array(),
        (sequence, rtpTime, ssrc, marker, payload) => {
          const packet = parseRtpPacket(rtpPacket({ sequence, rtpTime, ssrc, marker, payload: Buffer.from(payload) }));
          expect(packet).toMatchObject({ sequence, timestamp: rtpTime, ssrc, marker, payloadType: 96 });
          expect(packet?.payload.equals(payload)).toBe(true);
        },
      ),
    );
  });

  test('takes padding and contributing sources away', () => {
    const bytes = Buffer.from([0xa2, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 8, 8, 8, 8, 0x55, 0x66, 0, 0, 3]);
    expect(parseRtpPacket(bytes)?.payload).toEqual(Buffer.from([0x55, 0x66]));
  });

  test('never throws, and refuses what cannot be', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const packet = parseRtpPacket(Buffer.from(bytes));
        if (packet !== null) expect(packet.payload.length).toBeLessThanOrEqual(bytes.length - 12);
      }),
    );
    expect(parseRtpPacket(Buffer.alloc(11, 0x80))).toBeNull();
  });
});

describe('Unwrapper', () => {
  test('follows steps of less than half its range, forward and back', () => {
    fc.assert(
      fc.property(fc.nat(65_535), fc.array(fc.integer({ min: -30_000, max: 30_000 })), (first, steps) => {
        const unwrapper = new Unwrapper(16);
        let value = unwrapper.unwrap(first);
        expect(value).toBe(first);
        for (const step of steps) {
          value += step;
          expect(unwrapper.unwrap(((value % 65_536) + 65_536) % 65_536)).toBe(value);
        }
      }),
    );
  });
});

describe('header extensions', () => {
  const elements = fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 1, max: 14 }),
      data: fc.uint8Array({ minLength: 1, maxLength: 16 }),
      pad: fc.nat(3),
    }),
    { selector: ({ id }) => id, minLength: 1, maxLength: 6 },
  );

  test('are found in both forms, padding or not', () => {
    fc.assert(
      fc.property(elements, fc.boolean(), fc.nat(15), (list, oneByte, appBits) => {
        const bytes = Buffer.concat(
          list.flatMap(({ id, data, pad }) => [
            Buffer.alloc(pad),
            Buffer.from(oneByte ? [(id << 4) | (data.length - 1)] : [id, data.length]),
            data,
          ]),
        );
        const profile = oneByte ? 0xbede : 0x1000 | appBits;
        for (const { id, data } of list) expect(extensionData({ profile, bytes }, id)).toEqual(Buffer.from(data));
        const absent = [...Array(15).keys()].slice(1).filter((id) => !list.some((element) => element.id === id));
        for (const id of absent) expect(extensionData({ profile, bytes }, id)).toBeNull();
      }),
    );
  });

  test('of garbage are none, and never throw', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.uint8Array({ maxLength: 40 }), fc.nat(255), (profile, bytes, id) => {
        const data = extensionData({ profile, bytes: Buffer.from(bytes) }, id);
        expect(data === null || data.length <= bytes.length).toBe(true);
      }),
    );
    expect(extensionData({ profile: 0xbede, bytes: Buffer.from([0xf0, 1, 0x40, 2]) }, 4)).toBeNull();
  });
});
